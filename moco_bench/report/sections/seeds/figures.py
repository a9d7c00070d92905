"""The seeds as pairs across arms."""

import pandas as pd

from moco_bench.report.model.figure import Plot
from moco_bench.report.read.results import Results, equal_epochs
from moco_bench.report.render.figures import grid, name_cell, theme
from moco_bench.report.render.style import INK, MUTED, arm_styles


def pairs_figure(results: Results) -> Plot | None:
    """The primary metric across arms, one line a seed: parallel lines mean that seeds agree on what an arm does."""
    metric = results.primary
    data = equal_epochs(results.finished)[["dataset", "encoder", "arm", "seed", metric.name]].dropna()
    if data.empty or len(results.arms) < 2:
        return None
    styles = arm_styles(results.arms)
    place = {arm: position for position, arm in enumerate(results.arms)}
    count = len(results.cells)
    with theme("pairs"):
        figure, axes = grid((count + 1) // 2, min(count, 2), row_height=2.6)
        for panel, (dataset, encoder) in zip(axes.flat, results.cells, strict=False):
            chosen = data[(data["dataset"] == dataset) & (data["encoder"] == encoder)]
            for seed, line in _lines_of(chosen, metric.name, place).items():
                panel.plot(*zip(*line, strict=True), color=MUTED, linewidth=0.8, alpha=0.7)
                panel.annotate(str(seed), line[-1], xytext=(7, -3), textcoords="offset points", fontsize=7, color=MUTED)
            for arm, of_arm in chosen.groupby("arm", sort=False):
                style = styles[str(arm)]
                panel.plot([place[str(arm)]] * len(of_arm), of_arm[metric.name], linestyle="", marker=style.marker,
                           color=style.colour)  # fmt: skip
            many = len(results.arms) > 5
            panel.set_xticks(range(len(results.arms)), list(results.arms))
            panel.tick_params(axis="x", rotation=40 if many else 0)
            panel.tick_params(axis="x", labelcolor=INK)
            panel.set(
                ylabel=f"{metric.title}, {metric.unit}" if metric.unit else metric.title,
                xlim=(-0.4, len(results.arms) - 0.4),
            )
            panel.grid(axis="x", visible=False)
            name_cell(panel, dataset, encoder, count > 1)
        for panel in list(axes.flat)[count:]:
            panel.set_axis_off()
    return Plot(
        "pairs",
        "Every seed across arms",
        "One line a seed, its number at the end: all arms of a seed share initialisation, batch order and "
        "augmentations.",
        f"{metric.title} of {data['seed'].nunique()} seeds across {len(results.arms)} arms, one line a seed.",
        figure,
        data,
    )


def _lines_of(data: pd.DataFrame, metric: str, place: dict[str, int]) -> dict[int, list[tuple[int, float]]]:
    """Each seed's points, from arm to arm."""
    lines: dict[int, list[tuple[int, float]]] = {}
    for arm, seed, value in zip(data["arm"], data["seed"], data[metric], strict=True):
        lines.setdefault(int(seed), []).append((place[arm], float(value)))
    return {seed: sorted(lines[seed]) for seed in sorted(lines)}
