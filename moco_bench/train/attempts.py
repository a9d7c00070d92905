"""The attempts that a run took and the step that each began with: proof that a run went on and didn't start over."""

import time
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import read_json, write_json

ATTEMPTS = "attempts.json"


def note_attempt(checkpoints: Path, fingerprint: str, start_step: int) -> list[dict[str, Any]]:
    """Add an attempt to the run's list and return those of the same fingerprint, oldest first."""
    started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    attempts = [
        *attempts_noted(checkpoints),
        {"fingerprint": fingerprint, "start_step": start_step, "started": started},
    ]
    write_json(checkpoints / ATTEMPTS, attempts)
    return [
        {"start_step": attempt["start_step"], "started": attempt["started"]}
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
