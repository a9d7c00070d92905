"""The attempts at a run and their first steps: proof that a run was resumed and not restarted."""

import time
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import read_json, write_json
from moco_bench.suite.identity.analysis import RECORDED_AS

ATTEMPTS = "attempts.json"


def note_attempt(
    checkpoints: Path, fingerprint: str, start_step: int, registered: str | None = None, because: str = ""
) -> list[dict[str, Any]]:
    """Add an attempt to the run's list and return those of the same fingerprint, oldest first.

    `registered` is the fingerprint of the analysis that the suite declares now: rules that are changed between two
    attempts are seen to be changed. `because` is why the run had to be trained, as `plan` said it.
    """
    started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    attempt = {"start_step": start_step, "started": started, "because": because, RECORDED_AS: registered}
    attempts = [*attempts_noted(checkpoints), {"fingerprint": fingerprint, **attempt}]
    write_json(checkpoints / ATTEMPTS, attempts)
    return [{name: one.get(name) for name in attempt} for one in attempts if one["fingerprint"] == fingerprint]


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
