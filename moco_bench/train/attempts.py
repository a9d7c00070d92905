"""The attempts at a run and their first steps: proof that a run was resumed and not restarted."""

import time
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import read_json, write_json
from moco_bench.suite.identity.analysis import RECORDED_AS

ATTEMPTS = "attempts.json"


def note_attempt(
    checkpoints: Path, fingerprint: str, start_step: int, registered: str | None = None
) -> list[dict[str, Any]]:
    """Add an attempt to the run's list and return those of the same fingerprint, oldest first.

    `registered` is the fingerprint of the analysis that the suite declares now: rules that are changed between two
    attempts are seen to be changed.
    """
    attempt = {"fingerprint": fingerprint, "start_step": start_step, "started": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
    attempts = [*attempts_noted(checkpoints), {**attempt, RECORDED_AS: registered}]
    write_json(checkpoints / ATTEMPTS, attempts)
    return [
        {"start_step": attempt["start_step"], "started": attempt["started"], RECORDED_AS: attempt.get(RECORDED_AS)}
        for attempt in attempts
        if attempt["fingerprint"] == fingerprint
    ]


def attempts_noted(checkpoints: Path) -> list[dict[str, Any]]:
    """All attempts, of whatever fingerprint; none where there is no list or it is damaged."""
    try:
        noted = read_json(checkpoints / ATTEMPTS)
    except InputError:
        return []
    entries = noted if isinstance(noted, list) else []
    return [
        entry for entry in entries if isinstance(entry, dict) and {"fingerprint", "start_step", "started"} <= set(entry)
    ]
