"""The paper's memory claim, condition by condition."""

from typing import Any

from moco_bench.analyse.memory_claim import HIGHER, LOWER, VERSIONS
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, Cell, Column, Table, cell, drop_constant
from moco_bench.report.model.words import margin_words
from moco_bench.report.read.costs import judged_memory_claim
from moco_bench.report.read.profile import FOLDER, profile_table_of
from moco_bench.report.read.results import Results
from moco_bench.report.sections.profile.work import ARM, GRID_COLUMNS, _number, _place

TONES = {LOWER: "good", HIGHER: "bad"}
LOSSES = {
    VERSIONS["streamed"]: ("streamed", "this package\u2019s loss, which streams the queue"),
    VERSIONS["kept"]: ("kept", "a loss that materialises the logits and keeps the top k"),
}
Row = dict[Any, Any]


def memory_claim_table(results: Results, links: Links) -> Table | None:
    """One row per arm and condition, with every way of writing the loss that was measured beside each other."""
    claim = judged_memory_claim(results)
    if claim.empty:
        return None
    found: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in claim.to_dict("records"):
        at, loss = split_condition(str(row["at"]))
        if loss not in LOSSES:
            continue
        key = (at, row["arm"], row["dataset"], row["encoder"], row["quantity"])
        found.setdefault(key, {})[loss] = row
    losses = [loss for loss in LOSSES if any(loss in ways for ways in found.values())]
    rows = tuple(
        (
            *(cell(part) for part in key),
            *(
                shown
                for loss in losses
                for row in (ways.get(loss),)
                for shown in (
                    _ratio(links, row),
                    Cell(ABSENT) if row is None else cell(row["verdict"], tone=TONES.get(row["verdict"], "quiet")),
                )
            ),
        )
        for key, ways in found.items()
    )
    columns = (
        Column("at", "At", numeric=False),
        Column("arm", "Arm", numeric=False),
        *KEY[:2],
        Column("quantity", "Memory of", numeric=False),
        *(
            column
            for loss in losses
            for column in (
                Column(f"{LOSSES[loss][0]}_ratio", LOSSES[loss][1].capitalize()),
                Column(f"{LOSSES[loss][0]}_verdict", "Memory is", numeric=False),
            )
        ),
    )
    config = results.plan.config
    table = Table(
        "memory_claim",
        f"Memory relative to {results.plan.baseline}",
        "Peak of a training step, in tensor bytes, which repeat exactly, so there is no interval; worst case, a step "
        "with "
        f"ties, and in brackets a typical step where it differs. Differences up to {config.margin_percent:g} % count "
        "as "
        "none.",
        columns,
        rows,
        note=f"Fixed accuracy: counts where the arm\u2019s {results.primary.title} is shown to be no worse by more "
        "than "
        f"{margin_words(config, [results.primary.name])}.",
    )
    return drop_constant(table, ("dataset", "encoder"))


def split_condition(at: str) -> tuple[str, str]:
    """`queue of 4,096, a loss that ...` as condition and loss; a condition without a loss is of this package's."""
    for loss in VERSIONS.values():
        if at.endswith(f", {loss}"):
            return at.removesuffix(f", {loss}"), loss
    return at, VERSIONS["streamed"]


def _ratio(links: Links, row: Row | None) -> Cell:
    if row is None or row["ratio"] is None or row["ratio"] != row["ratio"]:
        return Cell(ABSENT)
    most, typical = (number(row[name], 3) for name in ("ratio", "typical_ratio"))
    shown = most if typical in (ABSENT, most) else f"{most} [{typical}]"
    return cell(shown, row["ratio"], href=_source(links, row["at"]))


def _source(links: Links, at: str) -> str:
    return links.to(f"{FOLDER}/{'queues' if at.startswith('queue') else 'memory'}.csv")


def capacity_table(results: Results, links: Links) -> Table | None:
    """The largest batch of each arm within a stated memory."""
    table = profile_table_of(results, "capacity")
    if table.empty:
        return None
    rows = tuple(
        (
            *_place(row),
            _number(row["limit_mib"], 0),
            cell(number(row["batch_size"], 0), row["batch_size"]),
            _number(row["mib"], 1),
        )
        for row in table.to_dict("records")
    )
    columns = (
        *ARM,
        Column("limit_mib", "Limit, MiB"),
        Column("batch_size", "Largest batch"),
        Column("mib", "Its memory, MiB"),
    )
    caption = "Found by trying: the next larger batch doesn't fit. Memory of tensors; on CUDA, what was allocated."
    if "limited_by" in table and (table["limited_by"] == "available").any():
        caption += " The suite states a higher limit: no more memory was available."
    return drop_constant(
        Table("capacity", "Largest batch", caption, columns, rows, source=links.source(f"{FOLDER}/capacity.csv")),
        GRID_COLUMNS,
    )
