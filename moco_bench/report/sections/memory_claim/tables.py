"""The paper's memory claim, condition by condition."""

from typing import Any

import pandas as pd

from moco_bench.analyse.memory_claim import HIGHER, LOWER, VERSIONS
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM_KEY, Cell, Column, Row, Table, cell
from moco_bench.report.model.words import margin_words
from moco_bench.report.read.profile import FOLDER, judged_memory_claim, profile_table_of
from moco_bench.report.read.results import Results

TONES = {LOWER: "good", HIGHER: "bad"}
LOSSES = {
    VERSIONS["streamed"]: ("streamed", "this package\u2019s loss, which streams the queue"),
    VERSIONS["kept"]: ("kept", "a loss that materialises the logits and keeps the top k"),
}


def memory_claim_table(results: Results, links: Links) -> Table | None:
    """One row per arm and condition, with every way of writing the loss that was measured beside each other."""
    claim = judged_memory_claim(results)
    if claim.empty:
        return None
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in claim.to_dict("records"):
        at, loss = split_condition(str(row["at"]))
        if loss in LOSSES:
            key = {"at": at} | {name: row[name] for name in ("arm", "dataset", "encoder", "quantity")}
            found.setdefault(tuple(key.values()), key)[loss] = row
    losses = [loss for loss in LOSSES if any(loss in row for row in found.values())]
    columns = (
        Column.text("at", "At"),
        *ARM_KEY,
        Column.text("quantity", "Memory of"),
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
        f"{margin_words(config, [results.primary.name])}."
    )
    title = f"Memory relative to {results.plan.baseline}"
    return Table.of("memory_claim", title, caption, columns, found.values(), note=note)


def _columns_of(links: Links, loss: str) -> tuple[Column, Column]:
    """Ratio and verdict with one way of writing the loss."""
    name, title = LOSSES[loss]

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
        Column.number(f"{name}_ratio", title.capitalize(), of=ratio),
        Column.text(f"{name}_verdict", "Memory is", verdict),
    )


def split_condition(at: str) -> tuple[str, str]:
    """`queue of 4,096, a loss that ...` as condition and loss; a condition without a loss is of this package's."""
    for loss in VERSIONS.values():
        if at.endswith(f", {loss}"):
            return at.removesuffix(f", {loss}"), loss
    return at, VERSIONS["streamed"]


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
    rows, source = table.to_dict("records"), links.source(f"{FOLDER}/capacity.csv")
    return Table.of("capacity", "Largest batch", caption, columns, rows, source=source)
