"""Effects of the arms on negatives, gradient and embeddings, against their effect on accuracy."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from moco_bench.analyse.table import equal_epochs
from moco_bench.analyse.text import number
from moco_bench.report.model.page import Plot
from moco_bench.report.model.words import count, in_unit, unit_of_effect
from moco_bench.report.read.histories import last_epochs
from moco_bench.report.read.results import Results, of_cell
from moco_bench.report.render.curves import curves
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import LINE, curve_arms, legend_above, name_cell, wrapped
from moco_bench.report.render.style import INK, RULE, arm_styles
from moco_bench.report.sections.mechanism.notes import mixed_epochs

CAUSES = {
    "false_negative_rate_kept": "Change of the false-negative rate of kept negatives",
    "key_gradient_share": "Key term\u2019s share of the gradient",
}
KEY = ["dataset", "encoder", "arm", "seed"]


def mechanism_rows(results: Results) -> pd.DataFrame:
    """dataset, encoder, arm, seed, cause, value, accuracy_difference: one row per arm, paired seed and cause.

    False negatives: the arm's rate minus the baseline's, of the same seed. The share of the gradient: as it is, since
    the baseline has no key term. Both at the last epoch.
    """
    last, paired = last_epochs(results.histories), results.seed_values
    columns = [*KEY, "cause", "value", "accuracy_difference"]
    causes = [name for name in CAUSES if name in last]
    if last.empty or not causes or paired.empty:
        return pd.DataFrame(columns=columns)
    baseline = results.plan.baseline
    own = last[last["arm"] != baseline][[*KEY, *causes]]
    base = last[last["arm"] == baseline][[*KEY, *causes]].drop(columns="arm")
    both = own.merge(base, on=["dataset", "encoder", "seed"], suffixes=("", "_baseline"))
    paired = equal_epochs(paired).rename(columns={"value": "accuracy_difference"})
    both = both.assign(effect=both["arm"] + f"-{baseline}").merge(paired, on=["dataset", "encoder", "effect", "seed"])
    tables = []
    for name in causes:
        change = both[name] - both[f"{name}_baseline"] if name == "false_negative_rate_kept" else both[name]
        tables.append(both.assign(cause=name, value=change)[columns].dropna())
    return pd.concat(tables, ignore_index=True)


@plot("mechanism", "Mechanism against accuracy")
def mechanism_figure(results: Results) -> Plot | None:
    """One panel per cause, one point per arm and seed; colour and marker are the arm's."""
    data = mechanism_rows(results)
    if data.empty:
        return None
    causes = [name for name in CAUSES if (data["cause"] == name).any()]
    cells = [cell for cell in results.cells if not of_cell(data, *cell).empty]
    arms, drawn = curve_arms(results)
    figure, axes = grid(len(cells), len(causes), row_height=2.6, sharey="row")
    for row, (dataset, encoder) in zip(axes, cells, strict=True):
        for panel, cause in zip(row, causes, strict=True):
            own = of_cell(data, dataset, encoder)
            panel.axhline(0, color=INK, linewidth=1)
            panel.axvline(0, color=RULE, linewidth=1)
            _points(panel, own[own["cause"] == cause], "value", "accuracy_difference", arms)
            panel.set_xlabel(CAUSES[cause])
        unit = unit_of_effect(results.primary)
        row[0].set_ylabel(f"{results.primary.short} against {results.plan.baseline}{f', {unit}' if unit else ''}")
        name_cell(row[0], dataset, encoder, len(cells) > 1, 80 // len(causes))
    shown = data["arm"].nunique()
    legend_above(figure, {
        label: handle for panel in axes.flat
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    })  # fmt: skip
    return Plot(
        f"One point per arm and seed, at the last epoch. Vertical: the paired difference in {results.primary.title}"
        f"{in_unit(results.primary)}. Seeds of one arm share what the arm does, so a trend here is not causal evidence."
        f"{drawn}",
        f"{results.primary.title} against {results.plan.baseline}, seed by seed, for {count(shown, 'arm')}, by "
        f"what {'it does' if shown == 1 else 'they do'} to negatives and gradient.",
        figure,
        data,
    )


def _points(panel: Axes, data: pd.DataFrame, x: str, y: str, arms: tuple[str, ...]) -> None:
    """One point per row, in the colour and marker of its arm."""
    for arm, style in arm_styles(arms).items():
        own = data[data["arm"] == arm]
        if len(own):
            panel.plot(own[x], own[y], linestyle="", marker=style.marker, color=style.colour, label=arm)


@plot("structure", "Alignment and uniformity")
def structure_figure(results: Results) -> Plot | None:
    """Alignment against uniformity, one point per run; lower is better for both (Wang & Isola 2020)."""
    data = equal_epochs(results.finished)[[*KEY, "alignment", "uniformity"]].dropna()
    if data.empty:
        return None
    arms, drawn = curve_arms(results)
    cells = [cell for cell in results.cells if not of_cell(data, *cell).empty]
    figure, axes = grid(len(cells), 1, row_height=2.8, width=5.2)
    for panel, cell in zip(axes[:, 0], cells, strict=True):
        _points(panel, of_cell(data, *cell), "uniformity", "alignment", arms)
        panel.set(xlabel="Uniformity (more even to the left)", ylabel="Alignment (closer: down)")
        name_cell(panel, *cell, len(cells) > 1, 56)
    legend_above(figure, axes[0, 0])
    means = data.groupby("arm", sort=False)[["alignment", "uniformity"]].mean()
    said = ", ".join(f"{arm} {row['alignment']:.3f} and {row['uniformity']:.3f}" for arm, row in means.iterrows())
    return Plot(
        f"One point per run. Lower is better for both (Wang & Isola 2020).{drawn}",
        f"Alignment and uniformity by arm: {said}.",
        figure,
        data,
    )


FALSE_NEGATIVES = {
    "false_negative_rate_kept": "Of kept negatives",
    "false_negative_rate_dropped": "Of dropped negatives",
}


@plot("false_negatives", "False negatives")
def false_negative_figure(results: Results) -> Plot | None:
    """Fraction of negatives with the anchor's own class."""
    mixed = sorted({int(epoch) for epoch in mixed_epochs(results.histories)["epoch"]}) if len(results.histories) else []
    shaded = " Shaded: the epoch in which a filter\u2019s warm-up ends, a mean over both." if mixed else ""
    return curves(
        results,
        FALSE_NEGATIVES,
        "Fraction of the negatives that has the anchor\u2019s own class. Labels serve this diagnosis only, never "
        f"training.{shaded}",
        mixed=mixed,
        levels={dataset: level for dataset, _ in results.cells if (level := results.chance(dataset))},
    )


@plot("gradient_share", "Share of the gradient")
def gradient_figure(results: Results) -> Plot | None:
    """Fraction of the gradient due to the second term of a dual-view loss."""
    return curves(
        results,
        {"key_gradient_share": "Key term's share of the gradient"},
        "Fraction of the query\u2019s gradient norm due to the key term: 0 is MoCo, 1 the key term alone.",
        limits=(0.0, 1.0),  # or noise around a half would fill the panel
    )


PAIR_GROUPS = {
    "positive": ("positives", "#009e73", "-"),
    "same_class": ("negatives, own class", "#d55e00", (0, (5, 1.5))),
    "other_class": ("negatives, other classes", "#6b6b6b", (0, (1.2, 1.2))),
}
VISIBLE = 0.002
"""Fraction of the highest density below which a curve is not drawn."""


def similarity_rows(results: Results) -> pd.DataFrame:
    """dataset, encoder, arm, group, low, high, density: densities averaged over seeds."""
    rows = []
    for run in equal_epochs(results.finished)[["directory", *KEY]].to_dict("records"):
        found = results.metrics.get(run["directory"], {}).get("similarities")
        for group, edges, density in _densities(found):
            for low, high, value in zip(edges[:-1], edges[1:], density, strict=True):
                rows.append((run["dataset"], run["encoder"], run["arm"], group, low, high, value))
    names = ["dataset", "encoder", "arm", "group", "low", "high", "density"]
    return pd.DataFrame(rows, columns=names).groupby(names[:-1], sort=False, as_index=False).mean()


def _densities(found: Any) -> list[tuple[str, Any, Any]]:
    """(group, edges, density) of each well-formed group; others are left out."""
    if not isinstance(found, dict) or not isinstance(found.get("counts"), dict):
        return []
    try:
        edges = np.asarray(found["edges"], dtype=float)
        widths = np.diff(edges)
    except (KeyError, TypeError, ValueError):
        return []
    good = []
    for group in PAIR_GROUPS if edges.ndim == 1 and (widths > 0).all() else ():
        try:
            counts = np.asarray(found["counts"][group], dtype=float)
        except (KeyError, TypeError, ValueError):
            continue
        if counts.shape == widths.shape and counts.sum() > 0:
            good.append((group, edges, counts / counts.sum() / widths))
    return good


@plot("similarities", "Similarities")
def similarity_figure(results: Results) -> Plot | None:
    """One panel per arm; one row per data set and encoder."""
    data = similarity_rows(results)
    if data.empty:
        return None
    arms = [arm for arm in results.arms if (data["arm"] == arm).any()][:4]
    lowest = data.loc[data["density"] > VISIBLE * data["density"].max(), "low"].min()
    height = 2.1 + LINE * max(wrapped(arm, 17).count("\n") for arm in arms)
    figure, axes = grid(len(results.cells), len(arms), row_height=height, sharex=True, sharey="row")
    for row, (dataset, encoder) in zip(axes, results.cells, strict=True):
        here = of_cell(data, dataset, encoder)
        for panel, arm in zip(row, arms, strict=True):
            for group, (title, colour, dash) in PAIR_GROUPS.items():
                own = here[(here["arm"] == arm) & (here["group"] == group)]
                middle = (own["low"] + own["high"]) / 2
                panel.plot(middle, own["density"], color=colour, linestyle=dash, label=title)
            panel.set(title=wrapped(arm, 17), xlim=(lowest, 1.0))
            panel.xaxis.set_major_locator(MaxNLocator(3))
        row[0].set_ylabel("Density" if len(results.cells) == 1 else wrapped(f"{dataset} \u00b7 {encoder}", 26))
    legend_above(figure, axes[0, 0], 3)
    figure.supxlabel("Cosine similarity", fontsize=9)
    mean = data.assign(weight=data["density"] * (data["high"] - data["low"]) * (data["low"] + data["high"]) / 2)
    centres = mean.groupby("group", sort=False)["weight"].sum() / mean.groupby("group", sort=False)["arm"].nunique()
    said = ", ".join(
        f"{PAIR_GROUPS[str(group)][0]} {number(value / len(results.cells), 2)}" for group, value in centres.items()
    )
    return Plot(
        "Densities over pairs of augmented views, averaged over seeds. Where own and other classes overlap, a filter "
        "by similarity cannot tell false negatives from hard ones.",
        f"Histograms of cosine similarity for {count(len(arms), 'arm')}; mean similarity: {said}.",
        figure,
        data,
    )
