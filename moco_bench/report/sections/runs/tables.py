"""Every run, and what ran on which machine."""

from collections.abc import Callable
from typing import Any

from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Cell, Column, Table, cell, drop_constant, heading
from moco_bench.report.read.results import Results
from moco_bench.report.sections.accuracy.tables import accuracy_metrics


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
    caption = "What ran where, with which versions."
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


def runs_table(results: Results, links: Links) -> Table:
    """Every run, each number linked to the file it comes from."""
    metrics = accuracy_metrics(results)
    rows = []
    for run in results.runs.to_dict("records"):
        source = links.to_run(run["directory"], "metrics.json")
        record = links.to_run(run["directory"], "run.json") if run["status"] != "missing" else ""
        seed = f"{run['seed']}" + (f" (rep {run['replicate']})" if run["replicate"] > 1 else "")
        tone = {"done": "", "failed": "bad", "missing": "open"}[run["status"]]
        rows.append(
            (
                cell(run["arm"]),
                cell(run["dataset"]),
                cell(run["encoder"]),
                cell(run["budget"]),
                cell(seed, run["seed"]),
                cell(run["status"], href=record, tone=tone),
                *(
                    Cell(number(run[m.name], m.decimals), run[m.name], source if run[m.name] == run[m.name] else "")
                    for m in metrics
                ),
                cell(number(run["epochs"], 0), run["epochs"]),
                cell(str(run["fingerprint"])[:8] or ABSENT),
            )
        )
    columns = (
        Column("arm", "Arm", numeric=False),
        *KEY,
        Column("seed", "Seed"),
        Column("status", "Status", numeric=False),
        *(Column(m.name, heading(m)) for m in metrics),
        Column("epochs", "Epochs"),
        Column("fingerprint", "Fingerprint", numeric=False, sourced=True),
    )
    caption = "Each number leads to the file it comes from."
    table = Table("runs", "Every run", caption, columns, tuple(rows), source=links.source("runs.csv"))
    return drop_constant(table, KEY_NAMES)
