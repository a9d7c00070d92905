"""The claim of "lower memory requirements", judged at fixed batch, at fixed accuracy and with growing queues.

Bytes of tensors are counted, not sampled: the same step takes the same bytes every time. So a ratio is judged against
the margin that the suite declares and needs no interval. Accuracy is sampled: that it is "fixed" has to be shown by
paired seeds, as non-inferiority within the margin (decision 027).

Bytes are those of a step that has ties to settle, the most that a run may need. At growing queues those of a typical
step are known as well; where they call for another verdict, both are given.
"""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from moco_bench.analyse.table import equal_epochs
from moco_bench.suite.metrics import METRICS

LOWER, HIGHER, SAME = "lower", "higher", "no difference"
NOT_REACHED, NOT_DECIDED = "accuracy not reached", "accuracy inconclusive"
OUTSIDE_TENSORS = ("baseline", "library_code", "library_objects", "heap_free", "unattributed")
"""Parts of a process's memory that no tensor holds."""
PEAK = "peak"
OWN_LOSS = "streamed"
"""This package's loss, among the versions in `profile/queues.csv`."""
CONDITION = ["dataset", "encoder", "at", "loss"]
COLUMNS = [*CONDITION, "arm", "ratio", "typical_ratio", "verdict"]


def memory_claim(
    memory: pd.DataFrame, queues: pd.DataFrame, accuracy: pd.DataFrame, *, baseline: str, margin_percent: float
) -> pd.DataFrame:
    """One row per arm and condition; see the module's docstring.

    `memory` and `queues` are these tables of the profile, `accuracy` the rows of `effects.csv` on the primary metric,
    of which those of arms against the baseline at equal epochs are used; each may be empty. Memory counts as equal
    within `margin_percent`, accuracy within the `margin` of the effects.
    """
    sizes = [_at_fixed_batch(memory)] if len(memory) else []
    sizes += [_at_queues(queues)] if len(queues) else []
    if not sizes:
        return pd.DataFrame(columns=COLUMNS)
    every = pd.concat(sizes, ignore_index=True)
    base = every[(every["arm"] == baseline) & (every["mib"] > 0)].drop(columns="arm")
    found = every[every["arm"] != baseline].merge(base, on=CONDITION, suffixes=("", "_base"))
    found["ratio"] = found["mib"] / found["mib_base"]
    found["typical_ratio"] = found["typical_mib"] / found["typical_mib_base"]
    ratios = zip(found["ratio"], found["typical_ratio"], strict=True)
    found["verdict"] = [_with_typical(ratio, typical, margin_percent) for ratio, typical in ratios]
    at_batch = found["at"] == "fixed batch"
    at_accuracy = _at_fixed_accuracy(found[at_batch], accuracy, baseline)
    return pd.concat([found[at_batch], at_accuracy, found[~at_batch]], ignore_index=True)[COLUMNS]


def verdict_of(ratio: float, margin_percent: float) -> str:
    """The verdict on a ratio of memory: lower, higher, or within the margin."""
    if abs(ratio - 1) * 100 <= margin_percent:
        return SAME
    return LOWER if ratio < 1 else HIGHER


def _with_typical(ratio: float, typical: float, margin_percent: float) -> str:
    """The verdict on a step with ties, extended by that on a typical step where it is known and another one."""
    most, usual = (verdict_of(each, margin_percent) for each in (ratio, typical))
    return most if math.isnan(typical) or usual == most else f"{most} with ties, else {usual}"


def tensors_mib(memory: pd.DataFrame) -> pd.DataFrame:
    """MiB of tensors at training's peak: columns dataset, encoder, arm, mib."""
    tensors = memory[(memory["phase"] == "training") & ~memory["part"].isin((*OUTSIDE_TENSORS, PEAK))]
    return tensors.groupby(["dataset", "encoder", "arm"], sort=False)["mib"].sum().reset_index()


def _at_fixed_batch(memory: pd.DataFrame) -> pd.DataFrame:
    return tensors_mib(memory).assign(at="fixed batch", loss=OWN_LOSS, typical_mib=math.nan)


def _at_queues(queues: pd.DataFrame) -> pd.DataFrame:
    order = queues.groupby(["version", "queue_size"], sort=False).ngroup().sort_values(kind="stable")
    at = queues["queue_size"].map("queue of {:,}".format)
    typical = queues.get("typical_tensor_mib", math.nan)
    names = {"version": "loss", "tensor_mib": "mib"}
    return queues.rename(columns=names).assign(at=at, typical_mib=typical).loc[order.index]


def _at_fixed_accuracy(at_fixed_batch: pd.DataFrame, accuracy: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """The suite's batch again, for arms that are as accurate as the baseline; others get a verdict without a ratio."""
    if accuracy.empty:
        return at_fixed_batch[:0]
    against = equal_epochs(accuracy[(accuracy["kind"] == "arm") & (accuracy["n_seeds"] > 0)])
    reached = {
        (row["dataset"], row["encoder"], row["effect"]): accuracy_reached(row) for row in against.to_dict("records")
    }
    rows = []
    for row in at_fixed_batch.to_dict("records"):
        key = row["dataset"], row["encoder"], f"{row['arm']}-{baseline}"
        if key in reached:
            row["at"] = "fixed accuracy"
            if not reached[key]:
                row |= {"ratio": math.nan, "verdict": NOT_DECIDED if reached[key] is None else NOT_REACHED}
            rows.append(row)
    return pd.DataFrame(rows, columns=at_fixed_batch.columns).astype(at_fixed_batch.dtypes)


def accuracy_reached(effect: Mapping[Any, Any]) -> bool | None:
    """Whether by its row of `effects.csv` an arm is non-inferior to the baseline within the margin; None: inconclusive.

    By the bounds of the interval that goes with one-sided t-tests at the suite's level (`equivalence_interval`), on
    the side where the metric is worse: inside the margin is non-inferiority, wholly beyond it is the opposite. Nothing
    is decided before the last planned seed, nor where the baseline has learnt too little.
    """
    if effect["finding"] == "interim" or effect["baseline_short_of"]:
        return None
    low, high, margin = (float(effect[name]) for name in ("equivalence_low", "equivalence_high", "margin"))
    if METRICS[effect["metric"]].better == "lower":
        low, high = -high, -low
    if math.isnan(low) or math.isnan(high):
        return None
    if low > -margin:
        return True
    return False if high < -margin else None
