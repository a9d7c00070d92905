"""The paper's claim of lower memory, judged condition by condition, and memory against accuracy."""

import pandas as pd
from matplotlib.axes import Axes

from moco_bench.analyse.memory_claim import HIGHER, LOWER
from moco_bench.analyse.pareto import not_dominated
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.page import Plot
from moco_bench.report.model.table import ARM_KEY, Cell, Column, Row, Table, cell
from moco_bench.report.model.words import declared_margins
from moco_bench.report.read.profile import COSTS, FOLDER, accuracy_and_cost, judged_memory_claim, profile_table_of
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import curve_arms, legend_above, name_cell
from moco_bench.report.render.style import RULE, arm_styles
from moco_bench.report.section import Section

TONES = {LOWER: "good", HIGHER: "bad"}
KEPT = "a loss that materialises the logits and keeps the top k"
LOSSES = {"streamed": "this package\u2019s loss, which streams the queue", "kept": KEPT}


def memory_claim_table(results: Results, links: Links) -> Table | None:
    """One row per arm and condition, with all measured ways of writing the loss side by side."""
    claim = judged_memory_claim(results)
    claim = claim[claim["loss"].isin(LOSSES)]
    key = ["at", "arm", "dataset", "encoder"]
    rows = [
        {**dict(zip(key, place, strict=True)), **own.set_index("loss").to_dict("index")}
        for place, own in claim.groupby(key, sort=False)
    ]
    losses = [loss for loss in LOSSES if (claim["loss"] == loss).any()]
    columns = (
        Column.text("at", "Condition"),
        *ARM_KEY,
        *(column for loss in losses for column in _columns_of(links, loss)),
    )
    config = results.plan.config
    caption = (
        "Peak of a training step, in tensor bytes, which repeat exactly, so there is no interval; worst case, a step "
        "with ties, and in brackets a typical step where it differs. Differences up to "
        f"{config.margin_percent:g} % count as none."
    )
    note = (
        f"Fixed accuracy: counts where the arm\u2019s {results.primary.title} is shown to be no worse by more than "
        f"{declared_margins(config, [results.primary.name])}."
    )
    title = f"Memory relative to {results.plan.baseline}"
    return Table.of("memory_claim", title, caption, columns, rows, note=note)


def _columns_of(links: Links, loss: str) -> tuple[Column, Column]:
    """Columns of ratio and verdict for one way of writing the loss."""

    def ratio(row: Row) -> Cell | None:
        found = row.get(loss)
        if found is None or pd.isna(found["ratio"]):
            return None
        most, typical = (number(found[part], 3) for part in ("ratio", "typical_ratio"))
        shown = most if typical in (ABSENT, most) else f"{most} [{typical}]"
        file = "queues" if row["at"].startswith("queue") else "memory"
        return cell(shown, found["ratio"], href=links.to(f"{FOLDER}/{file}.csv"))

    def verdict(row: Row) -> Cell | None:
        found = row.get(loss)
        return found and cell(found["verdict"], tone=TONES.get(found["verdict"], "quiet"))

    return (
        Column.number(f"{loss}_ratio", LOSSES[loss].capitalize(), of=ratio),
        Column.text(f"{loss}_verdict", "Memory is", verdict),
    )


def capacity_table(results: Results, links: Links) -> Table | None:
    """The largest batch of each arm within a stated memory."""
    table = profile_table_of(results, "capacity")
    columns = (
        *ARM_KEY,
        Column.number("limit_mib", "Limit, MiB", 0),
        Column.number("batch_size", "Largest batch", 0),
        Column.number("mib", "Its memory, MiB", 1),
    )
    caption = "Found by trying: the next larger batch doesn't fit. Memory of tensors; on CUDA, what was allocated."
    if "limited_by" in table and (table["limited_by"] == "available").any():
        caption += " The suite states a higher limit: no more memory was available."
    source = links.source(f"{FOLDER}/capacity.csv")
    return Table.of("capacity", "Largest batch", caption, columns, table, source=source)


FRAMEWORK = "both"


def _range(ratios: pd.Series) -> str:
    return " to ".join(dict.fromkeys(number(float(ratio), 2) for ratio in (ratios.min(), ratios.max())))


def memory_claim_notes(results: Results) -> list[str]:
    """Verdicts on the claim of lower memory, for the arm with both ingredients, or else for every arm.

    The first screen says it where the loss was measured in two ways; one way alone stands there as counted bytes.

    The verdict hangs on how the loss is written (decision 044), so one figure alone would mislead.
    """
    claim = judged_memory_claim(results)
    claim = claim[claim["loss"].isin(LOSSES) & claim["ratio"].notna()]
    if (claim["arm"] == FRAMEWORK).any():
        claim = claim[claim["arm"] == FRAMEWORK]
    several = claim[["dataset", "encoder"]].drop_duplicates().shape[0] > 1
    sentences = []
    for (arm, dataset, encoder), rows in claim.groupby(["arm", "dataset", "encoder"], sort=False):
        place = f" on {dataset} with {encoder}" if several else ""
        ways = rows.groupby("loss", sort=False)["ratio"]
        said = "; ".join(f"{_range(ratios)} with {LOSSES[str(loss)]}" for loss, ratios in ways)
        sentences.append(f"Tensor memory of {arm} relative to {results.plan.baseline}{place}: {said}.")
    return sentences


@plot("pareto", "Accuracy against cost")
def pareto_figure(results: Results) -> Plot | None:
    """Accuracy (mean, standard deviation) against time and memory of a step; the Pareto front is connected."""
    table = accuracy_and_cost(results)
    if table.empty:
        return None
    metric = results.accuracy
    cells = list(table.groupby(["dataset", "encoder"], sort=False))
    fronts = []
    arms, drawn = curve_arms(results)
    figure, axes = grid(len(cells), len(COSTS), row_height=2.7, sharey="row")
    for row, ((dataset, encoder), rows) in zip(axes, cells, strict=True):
        for panel, (cost, title) in zip(row, COSTS.items(), strict=True):
            front = _points(panel, rows, cost, arms)
            fronts.append(rows.assign(cost=cost, on_front=front))
            panel.set_xlabel(title)
        row[0].set_ylabel(f"{metric.title}, {metric.unit}" if metric.unit else metric.title)
        name_cell(row[0], str(dataset), str(encoder), len(cells) > 1, 40)
    legend_above(figure, axes[0, 0])
    data = pd.concat(fronts, ignore_index=True)
    best = ", ".join(dict.fromkeys(data.loc[data["on_front"], "arm"]))
    return Plot(
        "Mean and standard deviation over seeds against the profile's cost of a step. The line is the "
        "Pareto front of the means; neighbours on it may not differ significantly." + drawn,
        f"{metric.title} against time and memory of a step; on a front: {best}.",
        figure,
        data,
    )


def _points(panel: Axes, rows: pd.DataFrame, cost: str, arms: tuple[str, ...]) -> list[bool]:
    front = not_dominated(rows["top1"].tolist(), rows[cost].tolist())
    line = rows[front].sort_values(cost)
    panel.plot(line[cost], line["top1"], color=RULE, linewidth=1.5, zorder=1)
    styles = arm_styles(arms)
    for row in rows[rows["arm"].isin(arms)].to_dict("records"):
        style = styles[row["arm"]]
        panel.errorbar(
            row[cost], row["top1"], yerr=0.0 if pd.isna(row["sd"]) else row["sd"], color=style.colour,
            marker=style.marker, linestyle="", capsize=2.5, label=row["arm"],
        )  # fmt: skip
    return front


SECTION = Section(
    "memory-claim", "Is memory lower?", figures=(pareto_figure,), tables=(memory_claim_table, capacity_table)
)
