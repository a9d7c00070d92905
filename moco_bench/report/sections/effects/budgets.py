"""Equal compute: what each arm costs beside the baseline, and the epochs that this leaves it."""

from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY_NAMES, Column, Table, cell, drop_constant
from moco_bench.report.read.equal_compute import WITHIN, WORDS, compute_of
from moco_bench.report.read.results import Results


def budgets_table(results: Results, links: Links) -> Table | None:
    """One row per arm and budget; None where no cost is known, or where all arms cost the same."""
    compute = compute_of(results)
    if compute.rows and all(row["shared"] for row in compute.rows):
        return None  # one sentence says it
    timed = any(row["budget"] == "seconds" for row in compute.rows)
    own = "of their own" if compute.declared else "none"
    rows = tuple(
        (
            cell(row["arm"]),
            cell(row["dataset"]),
            cell(row["encoder"]),
            cell(WORDS[row["budget"]]),
            cell(number(row["relative"], 3), row["relative"]),
            *((cell(_load(row.get("foreign_load")), row.get("foreign_load")),) if timed else ()),
            cell(number(row["declared_epochs"], 0), row["declared_epochs"]),
            cell(number(row["epochs"], 0), row["epochs"]),
            cell("those at equal epochs" if row["shared"] else own),
            cell(number(row["compute"], 2), row["compute"]),
        )
        for row in compute.rows
    )
    if not rows:
        return None
    columns = (
        Column("arm", "Arm", numeric=False),
        Column("dataset", "Data set", numeric=False),
        Column("encoder", "Encoder", numeric=False),
        Column("budget", "Equal", numeric=False),
        Column("relative", f"Cost per image relative to {results.plan.baseline}"),
        *((Column("foreign_load", "CPU used by others"),) if timed else ()),
        Column("declared_epochs", "Epochs, equal epochs"),
        Column("epochs", "Epochs, equal compute"),
        Column("runs", "Runs", numeric=False),
        Column("compute", "Compute reached"),
    )
    caption = (
        f"An arm within {WITHIN} of the baseline\u2019s cost isn\u2019t run again: its runs at equal epochs serve."
    )
    if compute.declared and not all(row["shared"] for row in compute.rows):
        caption += (
            " All others have runs of their own with their whole schedule. Epochs are whole, so compute is equal to "
            "within half an epoch."
        )
    if not compute.declared:
        caption += " FLOPs are those that the profile counted."
    return drop_constant(
        Table("budgets", "Equal compute", caption, columns, rows, source=links.source(compute.file)), KEY_NAMES
    )


def _load(share: object) -> str:
    return f"{100 * share:.0f} %" if isinstance(share, int | float) else "counted, not timed"
