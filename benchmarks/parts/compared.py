"""Results of pytest-benchmark without host names, and their change against a stored baseline."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import read_json
from moco_bench.measure.load import EXCLUSIVE_BELOW

LATEST = Path(".benchmarks/latest.json")
"""The file in which `make bench` leaves its result."""

STORED = Path("benchmarks/parts/baseline.json")
"""An earlier result, the baseline of comparisons."""

BENCHMARKS_FORMAT = 1
MARGIN = 0.1
"""Changes below this fraction count as none: such small parts vary as much from day to day."""

INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")
"""Linux's names of the processor features on which the speed of PyTorch's kernels depends."""

FASTER, SLOWER, SAME, OTHER_MACHINE, NEW = "faster", "slower", "no change", "another machine", "new"
BUSY = "busy machine"


def joined(latest: Path, stored: Path | None = None) -> dict[str, Any]:
    """The benchmarks of `latest` in the baseline's format, with their change against `stored`.

    Args:
        latest: what pytest-benchmark wrote (`--benchmark-json`).
        stored: an earlier result of this function as a file; None to compare with nothing. Nothing is judged across
            machines, nor where others had 5 % of the machine or more meanwhile (`foreign_load`).

    Raises:
        InputError: a file is missing or isn't what it should be.
    """
    raw = read_json(latest)
    try:
        machine = _machine(raw["machine_info"])
        rows = [_row(benchmark) for benchmark in raw["benchmarks"]]
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{latest}: not a result of pytest-benchmark; write one with --benchmark-json") from None
    before: dict[str, Any] = {}
    if stored is not None:
        before = read_json(stored)
        if not isinstance(before, dict) or before.get("protocol") != BENCHMARKS_FORMAT:
            raise InputError(f"{stored}: not of this version; `python -m benchmarks.parts.change --store` stores one")
    same_machine = before.get("machine") == machine
    loads = raw.get("foreign_load"), before.get("foreign_load")
    busy = any(isinstance(load, int | float) and load >= EXCLUSIVE_BELOW for load in loads)
    unjudged = OTHER_MACHINE if not same_machine else BUSY if busy else None
    known = {row["name"]: row for row in before.get("benchmarks", [])}
    return {
        "protocol": BENCHMARKS_FORMAT,
        "machine": machine,
        "torch": raw["machine_info"].get("torch"),
        "foreign_load": raw.get("foreign_load"),
        "compared_with": before.get("machine"),
        "compared_with_torch": before.get("torch"),
        "benchmarks": [{**row, **_change(row, known.get(row["name"]), unjudged)} for row in rows] if before else rows,
    }


def _machine(info: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a machine that decide whether times are comparable; no names of hosts or users.

    Model and instructions too: virtual machines with and without AVX-512 call themselves by the same name.
    """
    cpu = info["cpu"]
    flags = cpu.get("flags") or ()
    model = [str(cpu[name]) for name in ("family", "model", "stepping") if name in cpu]
    return {
        "cpu": cpu.get("brand_raw") or info.get("processor"),
        "model": ".".join(model) or None,
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "cores": cpu.get("count"),
        "system": info["system"],
    }


def machine_words(machine: Mapping[str, Any]) -> str:
    """A machine, as `joined` describes it, in words."""
    model = f" {machine['model']}" if machine.get("model") else ""
    instructions = "".join(f", {name}" for name in machine.get("instructions") or ())
    return (
        f"{machine.get('cpu') or 'unknown processor'}{model}{instructions}, {machine.get('cores')} cores, "
        f"{machine.get('system')}"
    )


def _row(benchmark: Mapping[str, Any]) -> dict[str, Any]:
    stats = benchmark["stats"]
    return {
        "name": str(benchmark["fullname"]).rsplit("/", 1)[-1],
        "group": benchmark.get("group"),
        "median_ms": 1000 * float(stats["median"]),
        "q1_ms": 1000 * float(stats["q1"]),
        "q3_ms": 1000 * float(stats["q3"]),
        "rounds": int(stats["rounds"]),
    }


def _change(now: Mapping[str, Any], then: Mapping[str, Any] | None, unjudged: str | None) -> dict[str, Any]:
    """The change against the stored time; it counts beyond the margin if the quartiles don't overlap.

    `unjudged` is why it doesn't count all the same.
    """
    if then is None:
        return {"stored_ms": None, "change": None, "verdict": NEW}
    change = now["median_ms"] / then["median_ms"] - 1
    if unjudged is not None:
        verdict = unjudged
    elif change > MARGIN and now["q1_ms"] > then["q3_ms"]:
        verdict = SLOWER
    elif change < -MARGIN and now["q3_ms"] < then["q1_ms"]:
        verdict = FASTER
    else:
        verdict = SAME
    return {"stored_ms": then["median_ms"], "change": change, "verdict": verdict}
