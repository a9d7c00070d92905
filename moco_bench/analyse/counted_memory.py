"""The abstract's memory claim, judged on counted bytes of tensors wherever a profile has counted them.

Decision 027. A step takes the same bytes of tensors every time, so an effect on them is a fact without an interval; a
process's peak is mostly libraries and varies from start to start.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.memory_claim import tensors_mib, verdict_of
from moco_bench.analyse.table import whole_table_of_text
from moco_bench.errors import InputError

FILE = "profile/memory.csv"
"""The file below a results directory in which `moco-bench profile` leaves counted bytes."""

NEEDED = ("arm", "phase", "part", "mib", "dataset", "encoder")


class CountedEffect(NamedTuple):
    """An effect on the bytes of tensors at training's peak, at the suite's batch and queue.

    `estimate` and `margin` in MiB; `ratio` is 1 + estimate / what the control arms take; `verdict` is
    `memory_claim.LOWER`, `HIGHER` or `SAME`.
    """

    dataset: str
    encoder: str
    effect: str
    estimate: float
    ratio: float
    margin: float
    verdict: str


def counted_effects(memory: pd.DataFrame | None, effect: str, plan: AnalysisPlan) -> list[CountedEffect]:
    """The effect named `effect`, as in `effects.csv`, in every data set and encoder whose arms a profile covers.

    `memory` is `profile/memory.csv`, as `read_memory` returns it; None or empty: nothing was counted.
    """
    if memory is None or memory.empty:
        return []
    found = []
    for (dataset, encoder), rows in tensors_mib(memory).groupby(["dataset", "encoder"], sort=False):
        own = _effect(dict(zip(rows["arm"], rows["mib"].astype(float), strict=True)), effect, plan)
        if own is not None:
            estimate, ratio, control = own
            margin = control * plan.config.margin_percent / 100
            verdict = verdict_of(ratio, plan.config.margin_percent)
            found.append(CountedEffect(str(dataset), str(encoder), effect, estimate, ratio, margin, verdict))
    return found


class OtherwiseWritten(NamedTuple):
    """The same effect with another way of writing the loss: ratios by growing queue, verdicts at the suite's queue.

    Where the suite's queue was not counted, verdicts are those at all queues.
    """

    words: str
    queues: str
    ratios: tuple[float, ...]
    verdicts: tuple[str, ...]


WRITTEN = {
    "plain": "a loss that holds all logits and masks them",
    "kept": "a loss that holds the logits and sums those it keeps",
}
"""Versions of the loss in `profile/queues.csv`, besides this package's own."""


def otherwise_written(plan: AnalysisPlan, found: CountedEffect) -> list[OtherwiseWritten]:
    """The effect with other ways of writing the loss, where `profile/queues.csv` has counted these arms."""
    table = plan.evidence.queues
    here = table[(table["dataset"] == found.dataset) & (table["encoder"] == found.encoder)]
    others = []
    for version, words in WRITTEN.items():
        by_queue: dict[int, float] = {}
        for size, rows in here[here["version"] == version].groupby("queue_size"):
            mib = dict(zip(rows["arm"], rows["tensor_mib"].astype(float), strict=True))
            own = _effect(mib, found.effect, plan)
            if own is not None:
                by_queue[int(str(size))] = own[1]
        if by_queue:
            sizes = [f"{size:,}" for size in (min(by_queue), max(by_queue))]
            own_queue = plan.suite.contrast.queue_size if plan.suite is not None else 0
            judged = [by_queue[own_queue]] if own_queue in by_queue else by_queue.values()
            verdicts = tuple(verdict_of(ratio, plan.config.margin_percent) for ratio in judged)
            queues = " to ".join(dict.fromkeys(sizes))
            others.append(OtherwiseWritten(words, queues, tuple(by_queue.values()), verdicts))
    return others


def _effect(mib: Mapping[str, float], effect: str, plan: AnalysisPlan) -> tuple[float, float, float] | None:
    """The effect in MiB, its ratio to the control arms, and their mean MiB; None where an arm isn't covered."""
    known = {contrast.name: contrast for contrast in plan.contrasts_of(mib)}
    if effect not in known:
        return None
    controls = [mib[arm] for arm, weight in known[effect].weights.items() if weight < 0]  # as in `effects.csv`
    control = sum(controls) / len(controls)
    if not control > 0:
        return None
    estimate = sum(weight * mib[arm] for arm, weight in known[effect].weights.items())
    return estimate, 1 + estimate / control, control


def read_memory(results: Path) -> pd.DataFrame | None:
    """The table of counted bytes below `results`; None where there is none.

    Raises:
        InputError: it is there and can't be used.
    """
    path = results / FILE
    if not path.is_file():
        return None
    table = whole_table_of_text(path)
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise InputError(f"{path}: column {missing[0]} missing; `moco-bench profile SUITE.yaml` writes it anew")
    given = table["mib"]
    table["mib"] = pd.to_numeric(given, errors="coerce").astype(float)
    wrong = table.index[~table["mib"].abs().lt(1e12)]  # what a process has left unattributed may be below zero
    if len(wrong):
        told = f"line {int(wrong[0]) + 2}: mib is {given[wrong[0]]!r}, which is no size"
        raise InputError(f"{path}: {told}; `moco-bench profile` writes it anew")
    return table
