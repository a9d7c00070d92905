"""The seeds as pairs across arms."""

from moco_bench.report.model.page import Plot
from moco_bench.report.read.results import Results, equal_epochs, of_cell
from moco_bench.report.render.figures import grid, themed
from moco_bench.report.render.names import MOST_ROWS, curve_arms, name_cell, name_rows, rows_height
from moco_bench.report.render.style import MUTED, arm_styles

FAINT_FROM = 20
"""Seeds from which lines are drawn thinner."""


@themed
def pairs_figure(results: Results) -> Plot | None:
    """The primary metric across arms, one line per seed: parallel lines mean that seeds agree on what an arm does."""
    metric = results.primary
    data = equal_epochs(results.finished)[["dataset", "encoder", "arm", "seed", metric.name]].dropna()
    if data.empty or len(results.arms) < 2:
        return None
    kept, drawn = curve_arms(results, MOST_ROWS)
    arms = [arm for arm in results.ranked_arms if arm in kept]
    styles, place = arm_styles(results.arms), {arm: position for position, arm in enumerate(arms)}
    count, apart = len(results.cells), [arm for arm, shared in results.plan.shared.items() if shared == 0]
    shared = "All arms of a seed share initialisation, batch order and augmentations."
    if results.plan.shared:
        shared = "It joins the arms that begin with the same weights."
    thin = {"linewidth": 0.8, "alpha": 0.7} if data["seed"].nunique() < FAINT_FROM else {"linewidth": 0.4, "alpha": 0.3}
    figure, axes = grid(count, 1, row_height=0.8 + rows_height(arms, 0.3))
    for panel, (dataset, encoder) in zip(axes[:, 0], results.cells, strict=True):
        chosen = of_cell(data[data["arm"].isin(kept)], dataset, encoder)
        joined = chosen[~chosen["arm"].isin(apart)]
        for _, line in joined.assign(at=joined["arm"].map(place)).sort_values(["seed", "at"]).groupby("seed"):
            panel.plot(line[metric.name], line["at"], color=MUTED, **thin)
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
        f"One line per seed. {shared}{drawn}",
        f"{metric.title} of {data['seed'].nunique()} seeds across {len(results.arms)} arms, one line per seed.",
        figure,
        data,
    )
