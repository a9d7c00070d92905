"""Runs that have no result."""

from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import Column, Table, cell, drop_constant
from moco_bench.report.read.results import Results


def holes_table(results: Results, links: Links) -> Table | None:
    """Runs that have no result, and why; None where every run is done."""
    absent = results.runs[results.runs["status"] != "done"]
    if absent.empty:
        return None
    rows = tuple(
        (
            cell(
                f"{row['dataset']}/{row['encoder']}/{row['arm']}/seed{row['seed']}"
                + (f"-rep{row['replicate']}" if row["replicate"] > 1 else "")
                + (f"-{row['budget']}" if row["budget"] != "epochs" else ""),
                href=links.to_run(row["directory"], "run.json") if row["status"] == "failed" else "",
            ),
            cell(row["budget"]),
            cell(row["status"], tone="bad" if row["status"] == "failed" else "open"),
            cell(row["reason"] or "no reason was recorded"),
            cell(number(row["epochs"], 0), row["epochs"]),
        )
        for row in absent.to_dict("records")
    )
    columns = (
        Column("run", "Run", numeric=False),
        Column("budget", "Budget", numeric=False),
        Column("status", "Status", numeric=False),
        Column("reason", "Reason", numeric=False, prose=True),
        Column("epochs", "Epochs finished"),
    )
    caption = "A failed run is a result too."
    table = Table("holes", "Runs without a result", caption, columns, rows, source=links.source("runs.csv"))
    return drop_constant(table, ("budget",))
