"""What an ingredient does to negatives and gradient against what it does to accuracy, seed by seed."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from moco_bench.report.model.figure import Plot
from moco_bench.report.model.words import in_unit, unit_of_effect
from moco_bench.report.read.results import Results, equal_epochs, last_epochs
from moco_bench.report.render.figures import grid, theme
from moco_bench.report.render.names import curve_arms, legend_above, name_cell
from moco_bench.report.render.style import INK, RULE, arm_styles

CAUSES = {
    "false_negative_rate_kept": "Change of the false-negative rate of kept negatives",
    "key_gradient_share": "Key term\u2019s share of the gradient",
}
KEY = ["dataset", "encoder", "arm", "seed"]


def mechanism_rows(results: Results) -> pd.DataFrame:
    """dataset, encoder, arm, seed, cause, value, accuracy_difference: a row an arm, paired seed and cause.

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
    paired = paired[paired["budget"] == "epochs"].rename(columns={"value": "accuracy_difference"})
    both = both.assign(effect=both["arm"] + f"-{baseline}").merge(paired, on=["dataset", "encoder", "effect", "seed"])
    tables = []
    for name in causes:
        change = both[name] - both[f"{name}_baseline"] if name == "false_negative_rate_kept" else both[name]
        tables.append(both.assign(cause=name, value=change)[columns].dropna())
    return pd.concat(tables, ignore_index=True)


def mechanism_figure(results: Results) -> Plot | None:
    """One panel a cause, one point an arm and seed; colour and marker are the arm's."""
    data = mechanism_rows(results)
    if data.empty:
        return None
    causes = [name for name in CAUSES if (data["cause"] == name).any()]
    cells = [cell for cell in results.cells if not _of(data, *cell).empty]
    arms, drawn = curve_arms(results)
    with theme("mechanism"):
        figure, axes = grid(len(cells), len(causes), row_height=2.6, sharey="row")
        for row, (dataset, encoder) in zip(axes, cells, strict=True):
            for panel, cause in zip(row, causes, strict=True):
                of_cell = _of(data, dataset, encoder)
                _points(panel, of_cell[of_cell["cause"] == cause], arms)
                panel.set_xlabel(CAUSES[cause])
            unit = unit_of_effect(results.primary)
            row[0].set_ylabel(f"{results.primary.short} against {results.plan.baseline}{f', {unit}' if unit else ''}")
            name_cell(row[0], dataset, encoder, len(cells) > 1, 80 // len(causes))
        handles = {label: handle for panel in axes.flat for handle, label in _legend(panel)}
        legend_above(figure, list(handles.values()), list(handles))
    return Plot(
        "mechanism",
        "Mechanism against accuracy",
        f"One point per arm and seed, at the last epoch; up: the paired difference of {results.primary.title}"
        f"{in_unit(results.primary)}. Seeds of one arm share what the arm does, so a trend here is not causal evidence."
        f"{drawn}",
        f"{results.primary.title} against {results.plan.baseline}, seed by seed, for {data['arm'].nunique()} arms, by "
        "what they do to negatives and gradient.",
        figure,
        data,
    )


def _of(data: pd.DataFrame, dataset: str, encoder: str) -> pd.DataFrame:
    return data[(data["dataset"] == dataset) & (data["encoder"] == encoder)]


def _points(panel: Axes, data: pd.DataFrame, arms: tuple[str, ...]) -> None:
    styles = arm_styles(arms)
    panel.axhline(0, color=INK, linewidth=1)
    panel.axvline(0, color=RULE, linewidth=1)
    for arm in arms:
        own, style = data[data["arm"] == arm], styles[arm]
        if len(own):
            panel.plot(own["value"], own["accuracy_difference"], linestyle="", marker=style.marker, color=style.colour,
                       label=arm)  # fmt: skip


def _legend(panel: Axes) -> Iterator[tuple[Artist, str]]:
    handles, labels = panel.get_legend_handles_labels()
    return zip(handles, labels, strict=True)


def structure_figure(results: Results) -> Plot | None:
    """Alignment against uniformity, one point per run; lower is better for both (Wang & Isola 2020)."""
    data = equal_epochs(results.finished)[[*KEY, "alignment", "uniformity"]].dropna()
    if data.empty:
        return None
    arms, drawn = curve_arms(results)
    styles = arm_styles(arms)
    cells = [cell for cell in results.cells if not _of(data, *cell).empty]
    with theme("structure"):
        figure, axes = grid(len(cells), 1, row_height=2.8, width=5.2)
        for panel, cell in zip(axes[:, 0], cells, strict=True):
            for arm in arms:
                own = _of(data, *cell)
                own = own[own["arm"] == arm]
                panel.plot(own["uniformity"], own["alignment"], linestyle="", marker=styles[arm].marker,
                           color=styles[arm].colour, label=arm)  # fmt: skip
            panel.set(xlabel="Uniformity (more even to the left)", ylabel="Alignment (closer: down)")
            name_cell(panel, *cell, len(cells) > 1, 56)
        legend_above(figure, *axes[0, 0].get_legend_handles_labels())
    means = data.groupby("arm", sort=False)[["alignment", "uniformity"]].mean()
    said = ", ".join(f"{arm} {row['alignment']:.3f} and {row['uniformity']:.3f}" for arm, row in means.iterrows())
    return Plot(
        "structure",
        "Alignment and uniformity",
        f"One point per run. Lower is better for both (Wang & Isola 2020).{drawn}",
        f"Alignment and uniformity by arm: {said}.",
        figure,
        data,
    )
