"""The paper's memory claim, condition by condition."""

from moco_bench.analyse.memory_claim import HIGHER, LOWER
from moco_bench.analyse.text import number
from moco_bench.report.costs import judged_memory_claim
from moco_bench.report.links import Links
from moco_bench.report.profiled import FOLDER
from moco_bench.report.results import Results
from moco_bench.report.tables.model import Column, Table, cell, drop_constant

TONES = {LOWER: "good", HIGHER: "bad"}


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
            cell(number(row["baseline_mib"], 1), row["baseline_mib"], href=_source(links, row["at"])),
            cell(number(row["arm_mib"], 1), row["arm_mib"], href=_source(links, row["at"])),
            cell(number(row["ratio"], 3), row["ratio"]),
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
        Column("verdict", "Memory is", numeric=False),
    )
    table = Table(
        "memory_claim",
        "Memory against the baseline",
        f"Peak of a training step against {results.plan.baseline}'s. Bytes of tensors are counted and repeat exactly, "
        f"so there is no interval; differences up to {results.plan.config.margin_percent:g} % count as none.",
        columns,
        rows,
        note="Fixed accuracy: the arm's memory counts where its mean accuracy is not below the baseline's by more than "
        f"{results.plan.config.margin_points:g} point{'s' * (results.plan.config.margin_points != 1)}.",
    )
    return drop_constant(table, ("dataset", "encoder"))


def _source(links: Links, at: str) -> str:
    return links.to(f"{FOLDER}/{'queues' if at.startswith('queue') else 'memory'}.csv")
