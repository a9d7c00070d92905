"""The claim of "lower memory requirements", judged at fixed batch, at fixed accuracy and with growing queues.

Bytes of tensors are counted, not sampled: the same step takes the same bytes every time. So a ratio is judged against
the margin that the suite declares and needs no interval. Accuracy is sampled: that it is "fixed" has to be shown by
paired seeds, as non-inferiority within the margin (decision 027).

Bytes are those of a step that has ties to settle, the most that a run may need. At growing queues those of a typical
step are known as well; where they call for another verdict, both are given.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from moco_bench.suite.metrics import METRICS

LOWER, HIGHER, SAME = "lower", "higher", "no difference"
NOT_REACHED, NOT_DECIDED = "accuracy not reached", "accuracy not decided"
OUTSIDE_TENSORS = ("baseline", "library_code", "library_objects", "heap_free", "unattributed")
"""Parts of a process's memory that no tensor holds."""
PEAK = "peak"
COLUMNS = [
    "dataset", "encoder", "arm", "at", "quantity", "baseline_mib", "arm_mib", "ratio", "typical_ratio", "verdict",
]  # fmt: skip
VERSIONS = {
    "streamed": "this loss",
    "plain": "a loss that holds all logits",
    "kept": "a loss that holds the logits that it sums",
}


@dataclass(frozen=True)
class Rule:
    """How the claim is judged: the arm to compare with, and the margin within which memory counts as equal.

    For accuracy that margin is the `margin` of the effects.
    """

    baseline: str
    margin_percent: float


Row = dict[str, Any]


def memory_claim(memory: pd.DataFrame, queues: pd.DataFrame, accuracy: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """One row per arm and condition; see the module's docstring.

    Args:
        memory: `profile/memory.csv`.
        queues: `profile/queues.csv`, or empty.
        accuracy: the rows of `effects.csv` on the primary metric, or empty; those of arms against the baseline at
            equal epochs are used.
        rule: of the verdicts.
    """
    at_fixed_batch = list(_at_fixed_batch(memory, rule))
    rows = [*at_fixed_batch, *_at_fixed_accuracy(at_fixed_batch, accuracy, rule), *_at_queues(queues, rule)]
    return pd.DataFrame(rows, columns=COLUMNS)


def verdict_of(ratio: float, margin_percent: float) -> str:
    """The verdict on a ratio of memory: lower, higher, or within the margin."""
    if abs(ratio - 1) * 100 <= margin_percent:
        return SAME
    return LOWER if ratio < 1 else HIGHER


def tensors_mib(memory: pd.DataFrame) -> pd.DataFrame:
    """MiB of tensors at training's peak: columns dataset, encoder, arm, mib."""
    tensors = memory[(memory["phase"] == "training") & ~memory["part"].isin((*OUTSIDE_TENSORS, PEAK))]
    return tensors.groupby(["dataset", "encoder", "arm"], sort=False)["mib"].sum().reset_index()


def _at_fixed_batch(memory: pd.DataFrame, rule: Rule) -> Iterator[Row]:
    if memory.empty:
        return
    process = memory[(memory["phase"] == "training") & (memory["part"] == PEAK)]
    for quantity, sizes in (("tensors", tensors_mib(memory)), ("process", process)):
        yield from _against_baseline(sizes, "fixed batch", quantity, rule)


def _at_fixed_accuracy(at_fixed_batch: list[Row], accuracy: pd.DataFrame, rule: Rule) -> Iterator[Row]:
    """The suite's batch again, for arms that are as accurate as the baseline; others get a verdict without a ratio."""
    if accuracy.empty:
        return
    against = accuracy[(accuracy["kind"] == "arm") & (accuracy["budget"] == "epochs") & (accuracy["n_seeds"] > 0)]
    effects = {(row["dataset"], row["encoder"], row["effect"]): row for row in against.to_dict("records")}
    for row in at_fixed_batch:
        effect = effects.get((row["dataset"], row["encoder"], f"{row['arm']}-{rule.baseline}"))
        if row["quantity"] != "tensors" or effect is None:
            continue
        reached = accuracy_reached(effect)
        missed = {"arm_mib": None, "ratio": None, "verdict": NOT_DECIDED if reached is None else NOT_REACHED}
        yield {**row, "at": "fixed accuracy", **({} if reached else missed)}


def accuracy_reached(effect: Mapping[Any, Any]) -> bool | None:
    """Whether an arm is non-inferior to the baseline in accuracy within the margin; None where it isn't decided.

    By the bounds of the interval that goes with one-sided t-tests at the suite's level (`equivalence_interval`), on
    the side where the metric is worse: inside the margin is non-inferiority, wholly beyond it is the opposite.

    Args:
        effect: a row of `effects.csv`, arm minus baseline.
    """
    low, high, margin = (float(effect[name]) for name in ("equivalence_low", "equivalence_high", "margin"))
    if METRICS[effect["metric"]].better == "lower":
        low, high = -high, -low
    if math.isnan(low) or math.isnan(high):
        return None
    if low > -margin:
        return True
    return False if high < -margin else None


def _at_queues(queues: pd.DataFrame, rule: Rule) -> Iterator[Row]:
    if queues.empty:
        return
    for (version, size), rows in queues.groupby(["version", "queue_size"], sort=False):
        at = f"queue of {size:,}, {VERSIONS.get(str(version), version)}"
        highest = _against_baseline(rows.rename(columns={"tensor_mib": "mib"}), at, "tensors", rule)
        known = rows.dropna(subset="typical_tensor_mib") if "typical_tensor_mib" in rows else rows[:0]
        typical = _against_baseline(known.rename(columns={"typical_tensor_mib": "mib"}), at, "tensors", rule)
        usual = {(row["dataset"], row["encoder"], row["arm"]): row for row in typical}
        for row in highest:
            yield _with_typical(row, usual.get((row["dataset"], row["encoder"], row["arm"])))


def _with_typical(row: Row, typical: Row | None) -> Row:
    """The row of a step with ties, extended by a typical step's ratio, and its verdict where that differs."""
    if typical is None:
        return row
    verdict = row["verdict"]
    if typical["verdict"] != verdict:
        verdict = f"{verdict} with ties, else {typical['verdict']}"
    return {**row, "typical_ratio": typical["ratio"], "verdict": verdict}


def _against_baseline(sizes: pd.DataFrame, at: str, quantity: str, rule: Rule) -> Iterator[Row]:
    records = sizes.to_dict("records")
    bases = {(row["dataset"], row["encoder"]): row["mib"] for row in records if row["arm"] == rule.baseline}
    for row in records:
        base = bases.get((row["dataset"], row["encoder"]))
        if row["arm"] == rule.baseline or base is None or not base > 0:
            continue
        ratio = row["mib"] / base
        yield {
            "dataset": row["dataset"],
            "encoder": row["encoder"],
            "arm": row["arm"],
            "at": at,
            "quantity": quantity,
            "baseline_mib": base,
            "arm_mib": row["mib"],
            "ratio": ratio,
            "typical_ratio": None,
            "verdict": verdict_of(ratio, rule.margin_percent),
        }
