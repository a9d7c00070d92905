"""Machines of runs: costs are compared on one kind of machine only, accuracies in one precision only.

The arms of a seed may be trained on different nodes of a cluster. Their speeds then differ by the nodes, and so may the
precision that `auto` comes to; neither is an effect of an arm.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

COLUMNS = ("measured_on", "device", "memory_source", "precision_requested", "precision")
"""Columns of a table of runs that describe machine and precision."""


def measured_on(record: Mapping[str, Any]) -> str:
    """Processor, GPU and PyTorch of a run's record in words; empty where it names no processor."""
    machine, versions = (record.get(name) for name in ("machine", "versions"))
    if not isinstance(machine, Mapping) or not machine.get("cpu"):
        return ""
    cores = f"{machine['cores']} cores" if machine.get("cores") else ""
    bfloat16 = f"bfloat16 {machine['bfloat16']}" if machine.get("bfloat16") not in (None, "none") else ""
    torch = f"torch {versions['torch']}" if isinstance(versions, Mapping) and versions.get("torch") else ""
    gpu = _gpu(machine.get("gpus"), record.get("device"))
    parts = (machine["cpu"], cores, machine.get("instructions"), bfloat16, gpu, torch)
    return ", ".join(str(part) for part in parts if part)


def _gpu(gpus: Any, device: Any) -> str:
    """The name of the GPU that computed; empty on a CPU."""
    kind, _, number = str(device).partition(":")
    place = int(number) if number.isdecimal() else 0
    return str(gpus[place]) if kind == "cuda" and isinstance(gpus, list) and place < len(gpus) else ""


def kind_of(run: Mapping[Any, Any]) -> tuple[str, ...]:
    """The run's kind of machine, whichever of its devices computed; runs without a note of it are of one kind."""
    return run["measured_on"], str(run["device"]).partition(":")[0], run["memory_source"]


def kinds_of(runs: pd.DataFrame) -> list[tuple[str, ...]]:
    """The kind of machine of each run of a table."""
    return [kind_of(run) for run in runs[["measured_on", "device", "memory_source"]].to_dict("records")]


def arithmetics_of(runs: pd.DataFrame) -> list[tuple[str, ...]]:
    """What of each run's machine may change its results: processor, GPU and PyTorch, not how many cores there are."""
    return [(re.sub(r", \d+ cores", "", machine), device) for machine, device, _ in kinds_of(runs)]


def on_main_machine(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs on the main kind of machine of each data set, encoder and budget: the one with the most runs.

    Of those that asked for the same precision, only the ones that came to what most of them came to.
    """
    kept = []
    for _, of_cell in runs.groupby(["dataset", "encoder", "budget"], sort=False):
        own = of_cell[_most(kinds_of(of_cell))]
        for asked, alike in own.groupby("precision_requested", sort=False):
            kept.append(alike[_most(alike["precision"])] if asked else alike)  # nothing where it wasn't noted
    return pd.concat(kept).sort_index() if kept else runs


def _most(things: Iterable[Any]) -> list[bool]:
    """Which of the things are equal to the most frequent one."""
    things = list(things)
    main = Counter(things).most_common(1)[0][0]
    return [thing == main for thing in things]


def precision_differs(runs: Iterable[Mapping[Any, Any]]) -> bool:
    """Whether runs that requested the same precision got different ones; runs without a record of it don't count."""
    found: dict[str, set[str]] = {}
    for run in runs:
        found.setdefault(run["precision_requested"], set()).add(run["precision"])
    return any(asked and len(names - {""}) > 1 for asked, names in found.items())
