"""Where the numbers stand: what ran on which machine, and what others have published under which protocol."""

from collections.abc import Callable
from typing import Any

from moco_bench.analyse.published import PROTOCOL, published
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.links import Links
from moco_bench.report.results import Results
from moco_bench.report.tables.model import Column, Table, cell, drop_constant


def machines_table(results: Results, links: Links) -> Table | None:
    """One row a distinct machine and set of versions, with the runs that it did; None without records."""
    groups: dict[tuple[str, ...], int] = {}
    for record in results.records.values():
        described = _described(record)
        groups[described] = groups.get(described, 0) + 1
    if not groups:
        return None
    names = ("Processor", "Cores", "Memory, GiB", "GPU", "System", "Device", "Precision", "Threads", "Compiled",
             "Python", "PyTorch", "moco_bench")  # fmt: skip
    rows = tuple((*(cell(value) for value in key), cell(count, count)) for key, count in groups.items())
    columns = (
        *(Column(name.lower().replace(", ", "_"), name, numeric=False) for name in names),
        Column("runs", "Runs"),
    )
    return Table("machines", "Machines", "What ran where, with which versions.", columns, rows)


def _described(record: dict[str, Any]) -> tuple[str, ...]:
    machine, versions = _mapping(record, "machine"), _mapping(record, "versions")
    return (
        _text(machine.get("cpu")),
        _text(machine.get("cores")),
        _text(machine.get("memory_gib"), lambda v: number(float(v), 1)),
        _text(machine.get("gpu")),
        _text(machine.get("os")),
        _text(record.get("device")),
        _text(record.get("precision")),
        _text(record.get("threads")),
        _text(record.get("compiled")),
        _text(versions.get("python")),
        _text(versions.get("torch")),
        _text(versions.get("moco_bench")),
    )


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
            cell(number(float(row["top1"]), 2), float(row["top1"])),
            *(cell(row[name] or ABSENT) for name in PROTOCOL),
            cell(row["peak_gpu_gb"] or ABSENT),
            cell(row["device"] or ABSENT),
            cell(f"{row['source']}, {row['cite']}"),
        )
        for row in found.to_dict("records")
    )
    columns = (
        Column("method", "Method", numeric=False),
        Column("dataset", "Data set", numeric=False),
        Column("top1", "Top-1, %"),
        *(Column(name, name.capitalize(), numeric=name in ("epochs", "batch", "queue")) for name in PROTOCOL),
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
