"""The seeds as pairs across arms."""

import pandas as pd

from moco_bench.report.model.figure import Plot
from moco_bench.report.read.results import Results, equal_epochs
from moco_bench.report.render.figures import grid, theme
from moco_bench.report.render.names import name_cell, name_rows, rows_height
from moco_bench.report.render.style import MUTED, arm_styles

FAINT_FROM = 20
"""Seeds from which lines are drawn thinner."""


def pairs_figure(results: Results) -> Plot | None:
    """The primary metric across arms, one line per seed: parallel lines mean that seeds agree on what an arm does."""
    metric = results.primary
    data = equal_epochs(results.finished)[["dataset", "encoder", "arm", "seed", metric.name]].dropna()
    if data.empty or len(results.arms) < 2:
        return None
    arms = results.ranked_arms
    styles, place = arm_styles(results.arms), {arm: position for position, arm in enumerate(arms)}
    count = len(results.cells)
    thin = {"linewidth": 0.8, "alpha": 0.7} if data["seed"].nunique() < FAINT_FROM else {"linewidth": 0.4, "alpha": 0.3}
    with theme("pairs"):
        figure, axes = grid(count, 1, row_height=0.8 + rows_height(arms, 0.3))
        for panel, (dataset, encoder) in zip(axes[:, 0], results.cells, strict=True):
            chosen = data[(data["dataset"] == dataset) & (data["encoder"] == encoder)]
            for line in _lines_of(chosen, metric.name, place).values():
                panel.plot([value for _, value in line], [at for at, _ in line], color=MUTED, **thin)
            for arm, of_arm in chosen.groupby("arm", sort=False):
                style = styles[str(arm)]
                panel.plot(of_arm[metric.name], [place[str(arm)]] * len(of_arm), linestyle="", marker=style.marker,
                           color=style.colour)  # fmt: skip
            name_rows(panel, arms)
            name_cell(panel, dataset, encoder, count > 1)
        axes[-1, 0].set_xlabel(f"{metric.title}, {metric.unit}" if metric.unit else metric.title)
    return Plot(
        "pairs",
        "Every seed across arms",
        "One line per seed. All arms of a seed share initialisation, batch order and augmentations.",
        f"{metric.title} of {data['seed'].nunique()} seeds across {len(results.arms)} arms, one line per seed.",
        figure,
        data,
    )


def _lines_of(data: pd.DataFrame, metric: str, place: dict[str, int]) -> dict[int, list[tuple[int, float]]]:
    """Each seed's points, from arm to arm."""
    lines: dict[int, list[tuple[int, float]]] = {}
    for arm, seed, value in zip(data["arm"], data["seed"], data[metric], strict=True):
        lines.setdefault(int(seed), []).append((place[arm], float(value)))
    return {seed: sorted(lines[seed]) for seed in sorted(lines)}
