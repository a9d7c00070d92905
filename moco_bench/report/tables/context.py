"""Where the numbers stand: what ran on which machine, and what others have published under which protocol."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from moco_bench.analyse.published import PROTOCOL, published
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.links import Links
from moco_bench.report.results import Results
from moco_bench.report.tables.model import Cell, Column, Table, cell, drop_constant

COUNTS = ("epochs", "batch", "queue")


def machines_table(results: Results, links: Links) -> Table | None:
    """One row a distinct machine and set of versions, with the runs that it did; None without records."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for place, record in results.records.items():
        groups.setdefault(_described(record), []).append(place)
    if not groups:
        return None
    names = ("Processor", "Cores", "Memory, GiB", "Instructions", "bfloat16 hardware", "GPU", "System", "Device",
             "Precision", "Threads", "Compiled", "Python", "PyTorch", "moco_bench")  # fmt: skip
    rows = []
    for described, places in groups.items():
        source = links.to_run(places[0], "run.json")
        values = (cell(value, href=source if any(char.isdigit() for char in value) else "") for value in described)
        rows.append((*values, cell(len(places), len(places), href=links.to("runs.csv"))))
    columns = (
        *(Column(name.lower().replace(", ", "_").replace(" ", "_"), name, numeric=False) for name in names),
        Column("runs", "Runs"),
    )
    caption = "What ran where, with which versions; numbers lead to the record of the row's first run."
    return Table("machines", "Machines", caption, columns, tuple(rows))


def _described(record: dict[str, Any]) -> tuple[str, ...]:
    machine, versions = _mapping(record, "machine"), _mapping(record, "versions")
    return (
        _text(machine.get("cpu")),
        _text(machine.get("cores")),
        _text(machine.get("memory_gib"), lambda v: number(float(v), 1)),
        _text(machine.get("instructions")),
        _text(machine.get("bfloat16")),
        _text(machine.get("gpus"), _names),
        _text(machine.get("os")),
        _text(record.get("device")),
        _text(record.get("precision")),
        _text(record.get("threads")),
        _text(record.get("compiled")),
        _text(versions.get("python")),
        _text(versions.get("torch")),
        _text(versions.get("moco-bench")),
    )


def _names(found: Any) -> str:
    """Names of GPUs, each once with how many of it there are: `2 x NVIDIA A6000`; `none` where there are none."""
    names = [str(name) for name in found] if isinstance(found, (list, tuple)) else [str(found)]
    each = dict.fromkeys(names)
    return ", ".join(f"{names.count(name)} \u00d7 {name}" if names.count(name) > 1 else name for name in each) or "none"


def _mapping(record: dict[str, Any], name: str) -> dict[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: Any, show: Callable[[Any], str] = str) -> str:
    if value is None or value == "":
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        return show(value)[:120]
    except (TypeError, ValueError):
        return str(value)[:120]


def published_table(results: Results, links: Links) -> Table | None:
    """What others report for these data sets, with the protocol of each number; None where nobody is listed."""
    datasets = set(results.runs["dataset"]) | {
        str(_mapping(_mapping(record, "config"), "dataset").get("name")) for record in results.records.values()
    }
    found = published()
    found = found[found["dataset"].isin(datasets)]
    if found.empty:
        return None
    rows = tuple(
        (
            cell(row["method"]),
            cell(row["dataset"]),
            _cited(number(float(row["top1"]), 2), row, float(row["top1"])),
            *(_cited(row[name], row) if name in COUNTS else cell(row[name] or ABSENT) for name in PROTOCOL),
            _cited(row["peak_gpu_gb"], row),
            cell(row["device"] or ABSENT),
            _cited(f"{row['source']}, {row['cite']}", row),
        )
        for row in found.to_dict("records")
    )
    columns = (
        Column("method", "Method", numeric=False),
        Column("dataset", "Data set", numeric=False),
        Column("top1", "Top-1, %"),
        *(Column(name, name.capitalize(), numeric=name in COUNTS) for name in PROTOCOL),
        Column("peak_gpu_gb", "Peak GPU, GB"),
        Column("device", "Device", numeric=False),
        Column("cite", "Source", numeric=False),
    )
    table = Table(
        "published",
        "Published numbers",
        "Numbers of others, each under its own protocol; not comparable with this suite's unless every protocol column "
        "agrees.",
        columns,
        rows,
    )
    return drop_constant(table, ("dataset",))


def _cited(text: str, row: dict[Any, Any], value: float | None = None) -> Cell:
    """A number of others, with a link to where they say so, as far as the table of them knows."""
    return Cell(text, value, address_of(row)) if text else Cell(ABSENT)


def address_of(row: Mapping[Any, Any]) -> str:
    """Where a published number stands: its own `url` or `doi` where there is one, else the cited commit."""
    if row.get("url"):
        return str(row["url"]) if str(row["url"]).startswith("https://") else ""
    if row.get("doi"):
        return f"https://doi.org/{quote(str(row['doi']))}"
    commit = re.fullmatch(r"([\w.-]+/[\w.-]+)@([0-9a-f]{7,40})", str(row.get("cite", "")))
    return f"https://github.com/{commit[1]}/tree/{commit[2]}" if commit else ""
