"""Which runs of a suite its profile is about: every arm once, with the first seed."""

from moco_bench.files import sha256_of
from moco_bench.suite.runs import Run, expand
from moco_bench.suite.suite import Suite

PROFILE_PROTOCOL = 5
"""Raised when a change of the code changes what a profile's figures mean."""

GridCell = tuple[str, str]
"""Titles of a data set and an encoder."""


def profiled_runs(suite: Suite) -> dict[GridCell, dict[str, Run]]:
    """A run by arm, for each data set and encoder. Seeds differ in their weights, not in what a step costs."""
    cells: dict[GridCell, dict[str, Run]] = {}
    for run in expand(suite):
        if run.seed == suite.seeds[0] and run.checkpoint is None:
            cells.setdefault((run.dataset.title, run.encoder.title), {}).setdefault(run.arm, run)
    return cells


def profile_fingerprint(suite: Suite) -> str:
    """Of what a profile depends on besides the machine."""
    return sha256_of(
        {
            "protocol": PROFILE_PROTOCOL,
            "runs": [run.evaluation_fingerprint for arms in profiled_runs(suite).values() for run in arms.values()],
            "profile": suite.profile.model_dump(mode="json") if suite.profile is not None else None,
        }
    )
