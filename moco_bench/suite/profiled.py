"""Which runs a suite's profile covers (each arm with the first seed), and the step times that it measured."""

import csv
import io
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from moco_bench.errors import InputError, one_line
from moco_bench.files import ordinary, read_mapping, sha256_of
from moco_bench.suite.runs import Run, expand
from moco_bench.suite.suite import Suite

PROFILE_PROTOCOL = 5
"""Raised when a change of the code changes the meaning of a profile's figures."""

GridCell = tuple[str, str]
"""Titles of a data set and an encoder."""


def profiled_runs(suite: Suite) -> dict[GridCell, dict[str, Run]]:
    """The profiled run of each arm, by data set and encoder. Seeds differ in weights, not in a step's cost."""
    cells: dict[GridCell, dict[str, Run]] = {}
    for run in expand(suite):
        if run.seed == suite.seeds[0] and run.checkpoint is None:
            cells.setdefault((run.dataset.title, run.encoder.title), {}).setdefault(run.arm, run)
    return cells


def profile_fingerprint(suite: Suite) -> str:
    """The hash of everything but the machine that determines a profile."""
    return sha256_of(
        {
            "protocol": PROFILE_PROTOCOL,
            "runs": [run.evaluation_fingerprint for arms in profiled_runs(suite).values() for run in arms.values()],
            "profile": suite.profile.model_dump(mode="json") if suite.profile is not None else None,
        }
    )


@dataclass(frozen=True)
class StepTimes:
    """Step times of a profile: seconds by (data set, encoder, arm), and the machine in words."""

    seconds: dict[tuple[str, str, str], float]
    machine: str


def step_times(suite: Suite, folder: Path) -> StepTimes | None:
    """Read a profile's step times; None if there is none, or if it is of other arms or settings."""
    try:
        summary = read_mapping(folder / "profile.json")
        rows = list(csv.DictReader(io.StringIO(ordinary(folder / "time.csv").read_text(encoding="utf-8"))))
    except (InputError, OSError, UnicodeDecodeError, csv.Error):
        return None
    if summary.get("fingerprint") != profile_fingerprint(suite):
        return None
    found = {}
    for row in rows:
        with suppress(KeyError, TypeError, ValueError):
            milliseconds = float(row["median_ms"])
            if row["part"] == "step" and 0 < milliseconds < math.inf:
                found[row["dataset"], row["encoder"], row["arm"]] = milliseconds / 1000
    return StepTimes(found, _machine(summary.get("machine"))) if found else None


def _machine(described: object) -> str:
    names = described if isinstance(described, dict) else {}
    gpus = names.get("gpus")
    name = gpus[0] if isinstance(gpus, list) and gpus else names.get("cpu")
    return one_line(name or "a machine without a name")[:80]
