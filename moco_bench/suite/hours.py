"""How long what is left of a suite will train, told from its finished runs."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from moco_bench.errors import InputError
from moco_bench.files import read_mapping
from moco_bench.suite.plan import PlannedRun
from moco_bench.suite.runs import Run


def hours_left(known_from: Sequence[PlannedRun], planned: Sequence[PlannedRun], results: Path) -> tuple[float, int]:
    """Hours of training that the runs still to be done will take, one after the other.

    A run takes the median seconds an epoch of the finished runs of its arm, or else of its data set and encoder, on
    whatever machine they ran. Evaluation is not counted.

    Args:
        known_from: the runs of the suite; those that have finished are what it is told from.
        planned: the runs that are counted.
        results: folder of all results.

    Returns:
        The hours, and how many runs are left out because nothing like them has finished.
    """
    known: dict[tuple[str, ...], list[float]] = {}
    for item in known_from:
        seconds = _seconds_an_epoch(item.run, results) if not item.would_run else None
        if seconds is not None:
            for place in _places(item.run):
                known.setdefault(place, []).append(seconds)
    total, unknown = 0.0, 0
    for run in (item.run for item in planned if item.would_run and item.state not in ("evaluate", "shared")):
        found = next((known[place] for place in _places(run) if place in known), None)
        if found is None:
            unknown += 1
        else:
            total += median(found) * run.train.trained_epochs
    return total / 3600, unknown


def _places(run: Run) -> Iterable[tuple[str, ...]]:
    yield run.dataset.title, run.encoder.title, run.arm
    yield run.dataset.title, run.encoder.title


def _seconds_an_epoch(run: Run, results: Path) -> float | None:
    directory = run.directory(results)
    try:
        seconds = read_mapping(directory / "resources.json").get("train_seconds")
        epochs = read_mapping(directory / "run.json").get("epochs")
    except InputError:
        return None
    usable = isinstance(seconds, (int, float)) and isinstance(epochs, int) and epochs > 0
    return float(seconds) / epochs if usable else None  # type: ignore[arg-type, operator]
