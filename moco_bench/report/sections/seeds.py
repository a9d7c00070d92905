"""Results seed by seed: what the hashes prove about pairing, and every seed's differences."""

from collections import Counter

from moco_bench.analyse.pairing import UNEQUAL_PRECISION
from moco_bench.analyse.table import equal_epochs
from moco_bench.report.model.links import Links
from moco_bench.report.model.page import Plot
from moco_bench.report.model.table import KEY, Column, Table
from moco_bench.report.model.words import count, in_unit, listed
from moco_bench.report.read.equal_compute import cells_with_own_runs, compute_of
from moco_bench.report.read.results import Results, of_cell
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import MOST_ROWS, curve_arms, name_cell, name_rows, rows_height
from moco_bench.report.render.style import MUTED, arm_styles
from moco_bench.report.section import Section, sentences
from moco_bench.suite.checks.comparisons import RANDOM_NUMBERS

ODD = "Comparisons between arms that agree use such a seed, the others leave it out"
PAIRS = {
    "proven": "proven to be paired: all arms have equal hashes of initialisation, batch order and augmentations",
    "initialisation only": "paired by initialisation alone; lengths differ on purpose",
    "unproven": "taken to be paired without proof (pairing unproven), since no hashes were recorded",
    UNEQUAL_PRECISION: "not paired in all arms: asked for the same precision, some arms resolved to another one than "
    f"the rest, which a precision named in train.precision prevents. {ODD}",
    "not paired": f"not paired in all arms: some arms\u2019 hashes differ from the others\u2019. {ODD}",
}
DESIGNED = {
    0: "another network begins with other weights, so no seed is a pair; its accuracies stand beside the others\u2019",
    1: f"another number of epochs, so paired by {RANDOM_NUMBERS[0]} alone",
    2: f"other views or batches, so paired by {RANDOM_NUMBERS[0]} and {RANDOM_NUMBERS[1]}",
}
"""Why arms share fewer random numbers by design: by how many of them they share."""


def pairing_notes(results: Results) -> list[str]:
    """What the hashes prove about the pairing of seeds."""
    compute = compute_of(results)
    found = [row["paired"] for row in results.random_numbers.to_dict("records") if not compute.repeats(row)]
    seeds = count(len(found), "seed")
    said = [f"{n} of {seeds} {'is' if n == 1 else 'are'} {PAIRS[name]}." for name, n in Counter(found).most_common()]
    if not said:
        return ["No finished runs, so no pairs."]
    for shared, why in DESIGNED.items():
        arms = [arm for arm in results.arms if results.plan.shared.get(arm) == shared]
        said += [f"{listed(arms)}: {why}."] if arms else []
    return [" ".join(said)]


FAINT_FROM = 20
"""Number of seeds from which lines are drawn thinner."""


@plot("pairs", "Every seed across arms")
def pairs_figure(results: Results) -> Plot | None:
    """The primary metric across arms, one line per seed: parallel lines mean that seeds agree on what an arm does."""
    metric = results.primary
    data = equal_epochs(results.finished)[["dataset", "encoder", "arm", "seed", metric.name]].dropna()
    if data.empty or len(results.arms) < 2:
        return None
    kept, drawn = curve_arms(results, MOST_ROWS)
    arms = [arm for arm in results.ranked_arms if arm in kept]
    styles, place = arm_styles(results.arms), {arm: position for position, arm in enumerate(arms)}
    several = len(results.cells) > 1
    apart = [arm for arm, shared in results.plan.shared.items() if shared == 0]
    joins = " It joins the arms that begin with the same weights." if results.plan.shared else ""
    thin = {"linewidth": 0.8, "alpha": 0.7} if data["seed"].nunique() < FAINT_FROM else {"linewidth": 0.4, "alpha": 0.3}
    figure, axes = grid(len(results.cells), 1, row_height=0.8 + rows_height(arms, 0.3))
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
        name_cell(panel, dataset, encoder, several)
    axes[-1, 0].set_xlabel(f"{metric.title}, {metric.unit}" if metric.unit else metric.title)
    return Plot(
        f"One line per seed.{joins}{drawn}",
        f"{metric.title} of {count(data['seed'].nunique(), 'seed')} across {count(len(results.arms), 'arm')}, "
        "one line per seed.",
        figure,
        data,
    )


def differences_table(results: Results, links: Links) -> Table | None:
    """Each seed's differences to the baseline on the primary metric, and its factorial effects."""
    metric = results.primary
    contrasts = results.plan.contrasts_of(results.arms)
    known = results.seed_values.set_index(["dataset", "encoder", "budget", "effect", "seed"])["value"].to_dict()
    found, serve_too = cells_with_own_runs(results)
    rows = [
        {**dict(zip(("dataset", "encoder", "budget"), key, strict=True)), "seed": int(seed)}
        | {contrast.name: known.get((*key, contrast.name, seed)) for contrast in contrasts}
        for key, runs in found
        for seed in sorted(runs["seed"].unique())
    ]
    columns = (
        Column.number("seed", "Seed"),
        *KEY,
        *(Column.number(c.name, c.title, metric.decimals, signed=True) for c in contrasts),
    )
    caption = (
        f"Paired differences and effects on {metric.title}{in_unit(metric)}; a dash where an arm of that seed has no "
        f"finished run or the arms' hashes differ.{serve_too}"
    )
    return Table.of("differences", "Seed by seed", caption, columns, rows, source=links.source("runs.csv"))


SECTION = Section(
    "seeds",
    "Seed by seed",
    notes=sentences(pairing_notes, "runs.csv"),
    figures=(pairs_figure,),
    tables=(differences_table,),
)
