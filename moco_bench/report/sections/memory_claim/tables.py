"""The paper's memory claim, condition by condition."""

from typing import Any

from moco_bench.analyse.memory_claim import HIGHER, LOWER
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import Cell, Column, Table, cell, drop_constant
from moco_bench.report.model.words import margin_words
from moco_bench.report.read.costs import judged_memory_claim
from moco_bench.report.read.profile import FOLDER, profile_table_of
from moco_bench.report.read.results import Results
from moco_bench.report.sections.profile.work import ARM, PLACE, _number, _place

TONES = {LOWER: "good", HIGHER: "bad"}
SIZES = {"baseline_mib": 1, "arm_mib": 1, "ratio": 3, "typical_ratio": 3}


def memory_claim_table(results: Results, links: Links) -> Table | None:
    """One row an arm and condition: MiB of the arm and of the baseline, their ratio, the verdict."""
    claim = judged_memory_claim(results)
    if claim.empty:
        return None
    rows = tuple(
        (
            cell(row["at"]),
            cell(row["arm"]),
            cell(row["dataset"]),
            cell(row["encoder"]),
            cell(row["quantity"]),
            *(_size(links, row, name, decimals) for name, decimals in SIZES.items()),
            cell(row["verdict"], tone=TONES.get(row["verdict"], "quiet")),
        )
        for row in claim.to_dict("records")
    )
    columns = (
        Column("at", "At", numeric=False),
        Column("arm", "Arm", numeric=False),
        Column("dataset", "Data set", numeric=False),
        Column("encoder", "Encoder", numeric=False),
        Column("quantity", "Memory of", numeric=False),
        Column("baseline_mib", f"{results.plan.baseline}, MiB"),
        Column("arm_mib", "Arm, MiB"),
        Column("ratio", "Ratio"),
        Column("typical_ratio", "Ratio, typical step"),
        Column("verdict", "Memory is", numeric=False),
    )
    table = Table(
        "memory_claim",
        "Memory against the baseline",
        f"Peak of a training step against {results.plan.baseline}'s. Bytes of tensors are counted and repeat exactly, "
        "so there is no interval; they are those of a step that has ties to settle, the most that a run may need, and "
        "at growing queues of a typical step, too. Differences up to "
        f"{results.plan.config.margin_percent:g} % count as none.",
        columns,
        rows,
        note=f"Fixed accuracy: the arm's memory counts where paired seeds show its {results.primary.title} to be no "
        f"worse than the baseline's by more than {margin_words(results.plan.config, [results.primary.name])} "
        f"(non-inferiority: that bound of the {100 * (2 * results.plan.config.confidence - 1):.4g} % t interval).",
    )
    return drop_constant(table, ("dataset", "encoder"))


def _size(links: Links, row: dict[Any, Any], name: str, decimals: int) -> Cell:
    if row[name] is None or row[name] != row[name]:
        return Cell(ABSENT)
    return cell(number(row[name], decimals), row[name], href=_source(links, row["at"]))


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
        Table("capacity", "Largest batch", caption, columns, rows, source=links.source(f"{FOLDER}/capacity.csv")), PLACE
    )
