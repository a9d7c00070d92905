"""Runs without a result, and files that could not be used."""

from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM, KEY, Cell, Column, Row, Table, cell
from moco_bench.report.model.words import spans
from moco_bench.report.read.results import Results
from moco_bench.report.section import Section, sentences


def holes_table(results: Results, links: Links) -> Table | None:
    """Runs without a result, and why; one row for all missing runs of an arm. None if every run is done."""

    def seeds(row: Row) -> Cell:
        again = " (repeated)" if row["replicate"] > 1 else ""
        return cell(spans(row["seeds"]) + again, href=links.to_run(row["failed"], "run.json") if row["failed"] else "")

    columns = (
        ARM,
        Column.text("seeds", "Seeds", seeds),
        *KEY,
        Column.text("status", "Status", lambda row: cell(row["status"], tone=TONES[row["status"]])),
        Column.text("reason", "Reason", lambda row: row["reason"] or "no reason was recorded", prose=True),
        Column.number("epochs", "Epochs finished", 0),
    )
    runs = results.runs[results.runs["status"] != "done"]
    runs = runs.assign(failed=runs["directory"].where(runs["status"] == "failed", ""))
    alike = ["dataset", "encoder", "arm", "budget", "replicate", "status", "reason", "epochs", "failed"]
    rows = runs.groupby(alike, sort=False, dropna=False)["seed"].agg(list).rename("seeds").reset_index()
    caption = "A failed run is a result too."
    return Table.of("holes", "Runs without a result", caption, columns, rows, source=links.source("runs.csv"))


TONES = {"failed": "bad", "missing": "open"}


def damaged_notes(results: Results) -> list[str]:
    """Damaged files and files changed by hand, one sentence each; empty if there are none."""
    told = {
        "Files that could not be read": results.damaged,
        "Files that were changed after they were made, so their numbers are not what was measured": results.edited,
    }
    return [f"{what}: {', '.join(names)}." for what, names in told.items() if names]


SECTION = Section("holes", "Missing or failed runs", notes=sentences(damaged_notes), tables=(holes_table,))
