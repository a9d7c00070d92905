"""Tables of every run and of the machines."""

from collections.abc import Callable
from typing import Any

from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.table import ARM, KEY, Cell, Column, Row, Source, Table, cell, heading
from moco_bench.report.model.words import count
from moco_bench.report.read.results import Results
from moco_bench.report.section import Section
from moco_bench.report.sections.accuracy import accuracy_metrics
from moco_bench.suite.metrics import MetricColumn


def machines_table(results: Results, links: Links) -> Table | None:
    """One row per distinct machine and set of versions, with its number of runs; None without records."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for place, record in results.records.items():
        groups.setdefault(tuple(_told(record, *DESCRIBED[name]) for name in DESCRIBED), []).append(place)
    href = links.to("runs.csv")
    columns = (
        *(
            Column.text(name.lower().replace(", ", "_").replace(" ", "_"), name, _linked(links, place))
            for place, name in enumerate(DESCRIBED)
        ),
        Column.number("runs", "Runs", of=lambda row: cell(len(row["places"]), len(row["places"]), href=href)),
    )
    rows = [{"told": told, "places": places} for told, places in groups.items()]
    return Table.of("machines", "Machines", "What ran where, with which versions.", columns, rows)


def _linked(links: Links, place: int) -> Callable[[Row], Cell]:
    def shown(row: Row) -> Cell:
        text, source = row["told"][place], links.to_run(row["places"][0], "run.json")
        return cell(text, href=source if any(char.isdigit() for char in text) else "")

    return shown


def _names(found: Any) -> str:
    """Names of GPUs with their numbers, such as `2 x NVIDIA A6000`; `none` without GPUs."""
    names = [str(name) for name in found] if isinstance(found, (list, tuple)) else [str(found)]
    each = dict.fromkeys(names)
    return ", ".join(f"{names.count(name)} \u00d7 {name}" if names.count(name) > 1 else name for name in each) or "none"


DESCRIBED: dict[str, tuple[str, str, Callable[[Any], str]]] = {
    "Processor": ("machine", "cpu", str),
    "Cores": ("machine", "cores", str),
    "Memory, GiB": ("machine", "memory_gib", lambda value: number(float(value), 1)),
    "Instructions": ("machine", "instructions", str),
    "bfloat16 hardware": ("machine", "bfloat16", str),
    "GPU": ("machine", "gpus", _names),
    "System": ("machine", "os", str),
    "Device": ("", "device", str),
    "Precision": ("", "precision", str),
    "Threads": ("", "threads", str),
    "Compiled": ("", "compiled", str),
    "Python": ("versions", "python", str),
    "PyTorch": ("versions", "torch", str),
    "moco_bench": ("versions", "moco-bench", str),
}
"""What the table shows of a run's record: the heading, its place in the record, and its format."""


def _told(record: dict[str, Any], part: str, name: str, show: Callable[[Any], str]) -> str:
    value = (mapping_in(record, part) if part else record).get(name)
    if value is None or value == "":
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        return show(value)[:120]
    except (TypeError, ValueError):
        return str(value)[:120]


def mapping_in(record: dict[str, Any], name: str) -> dict[str, Any]:
    """A mapping in a record; empty if it is missing or something else."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def runs_table(results: Results, links: Links) -> Table | None:
    """Every run, with each number linked to the file it comes from."""

    def seed(row: Row) -> Cell:
        again = f" (rep {row['replicate']})" if row["replicate"] > 1 else ""
        return cell(f"{row['seed']}{again}", row["seed"])

    def status(row: Row) -> Cell:
        record = links.to_run(row["directory"], "run.json") if row["status"] != "missing" else ""
        return cell(row["status"], href=record, tone=TONES[row["status"]])

    def measured(metric: MetricColumn) -> Callable[[Row], Cell | None]:
        def shown(row: Row) -> Cell | None:
            value = row[metric.name]
            if value != value:
                return None
            return cell(number(value, metric.decimals), value, href=links.to_run(row["directory"], "metrics.json"))

        return shown

    columns = (
        ARM,
        *KEY,
        Column.number("seed", "Seed", of=seed),
        Column.text("status", "Status", status),
        *(Column.number(m.name, heading(m), of=measured(m)) for m in accuracy_metrics(results)),
        Column.number("epochs", "Epochs", 0),
        Column.text("fingerprint", "Fingerprint", lambda row: str(row["fingerprint"])[:8], sourced=True),
    )
    caption = "Each number leads to the file it comes from."
    return Table.of("runs", "Every run", caption, columns, results.runs, source=links.source("runs.csv"))


TONES = {"done": "", "failed": "bad", "missing": "open"}


def runs_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """A link to the page of all runs."""
    del links
    text = f"{count(len(results.runs), 'run')}, each with its numbers and its files, with search and sorting."
    return (Note(text, (Source("runs.html", "runs.html"),)),)


SECTION = Section("runs", "Runs and machines", notes=runs_notes, tables=(machines_table,))
