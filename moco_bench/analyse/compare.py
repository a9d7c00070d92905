"""Compares two results directories: of two versions of the code, or of two machines.

Runs are matched by data set, encoder, arm, budget and seed, and compared as pairs. Each row, an arm and metric, gets a
verdict (decision 029):

    same          shown to be within the margin: the bounds of the 1 - 2 level t interval both are, or no seed differs
    regression    the mean is worse by more than the margin, and the interval leaves out zero
    improvement   better, by the same rule
    unclear       none of these: the interval is too wide to tell; more seeds would
    regression?   fewer than three common seeds: worse by more than the margin (`improvement?`: better)
    changed       as regression and improvement, for a metric of which neither direction is better (`changed?` likewise)
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moco_bench.analyse.equivalence import equivalence_interval
from moco_bench.analyse.findings import LEANING_FROM
from moco_bench.analyse.intervals import no_spread, t_interval
from moco_bench.analyse.multiplicity import holm
from moco_bench.analyse.pairing import hashes_agree, weighted
from moco_bench.analyse.signflip import sign_flip_p
from moco_bench.files import read_mapping
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.metrics import METRICS, MetricColumn

ARM = ("dataset", "encoder", "budget", "arm")
RUN = (*ARM, "seed")
COLUMNS = (
    *ARM, "metric", "before", "after", "difference", "ci_low", "ci_high", "p_value", "n_seeds", "paired", "margin",
    "verdict", "p_holm", "equivalence_low", "equivalence_high",
)  # fmt: skip

SAME, UNCLEAR = "same", "unclear"
WORSE, BETTER = "regression", "improvement"
WORSE_ONCE, BETTER_ONCE = "regression?", "improvement?"
CHANGED, CHANGED_ONCE = "changed", "changed?"
SETTINGS = ("fingerprint", "evaluation_fingerprint")

RunRow = dict[Any, Any]


@dataclass(frozen=True)
class Comparison:
    """`table` has one row per arm and metric, with columns `COLUMNS`; the rest are identifiers of runs.

    `common` are finished on both sides; `only_before` in the first, and neither finished nor failed in the second;
    `only_after` in the second, not in the first; `newly_failed` in the first, and failed in the second.
    `different_settings` are the common ones whose fingerprints differ: other settings, or code whose protocol was
    raised. Differences between them are no differences of the code alone. `lost` are metrics of which common runs have
    a value in the first alone, and in how many; `other_images` data sets that are not compared, as their images differ.
    """

    table: pd.DataFrame
    common: tuple[str, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    newly_failed: tuple[str, ...]
    different_settings: tuple[str, ...]
    lost: tuple[str, ...] = ()
    other_images: tuple[str, ...] = ()

    @property
    def regressed(self) -> bool:
        """Whether anything got worse beyond its margin, with fewer than three seeds too, or newly failed."""
        return bool(self.table["verdict"].isin((WORSE, WORSE_ONCE)).any()) or bool(self.newly_failed)

    @property
    def nothing_compared(self) -> str:
        """Why the comparison has no rows, in words; empty if it has any. Without rows nothing is confirmed."""
        if len(self.table):
            return ""
        if self.other_images and not self.common:
            return "nothing was compared: the images are others"
        if not self.common:
            return "nothing was compared: no run is finished on both sides"
        return "nothing was compared: the runs that are finished on both sides share no usable metric"


def compare(
    before: pd.DataFrame,
    after: pd.DataFrame,
    config: AnalysisConfig,
    metrics: tuple[str, ...] | None = None,
    images: tuple[str, ...] = (),
) -> Comparison:
    """Compare two tables of runs (as `read_runs` returns them); margins and confidence are those of `config`.

    `p_holm` corrects over the arms of one metric, on one data set, encoder and budget or, where `config.holm` is
    `suite`, on all of them. Data sets named in `images` are other images on the two sides, and left out.
    """
    before, after = (runs[~runs["dataset"].isin(images)] for runs in (before, after))
    old, new = (_by_run(runs[runs["status"] == "done"]) for runs in (before, after))
    failed = _by_run(after[after["status"] == "failed"])
    common = [key for key in old if key in new]
    names = metrics or tuple(dict.fromkeys((config.primary, *config.metrics, *config.costs)))
    rows = [
        row
        for arm in dict.fromkeys(key[: len(ARM)] for key in common)
        for name in names
        if (row := _row(arm, [(old[k], new[k]) for k in common if k[: len(ARM)] == arm], METRICS[name], config))
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if rows:
        family = ["metric"] + (["dataset", "encoder", "budget"] if config.holm == "data-set" else [])
        table["p_holm"] = table.groupby(family, sort=False)["p_value"].transform(holm)
    return Comparison(
        table,
        common=tuple(_title(key) for key in common),
        only_before=tuple(_title(key) for key in old if key not in new and key not in failed),
        only_after=tuple(_title(key) for key in new if key not in old),
        newly_failed=tuple(_title(key) for key in old if key in failed),
        different_settings=tuple(_title(key) for key in common if _differ(old[key], new[key])),
        lost=tuple(_lost([(old[key], new[key]) for key in common], names)),
        other_images=images,
    )


def other_images(before: Path, after: Path) -> tuple[str, ...]:
    """Data sets whose images, as the manifests in two folders of a suite's results describe them, are not the same."""
    manifests = [(root / "data").glob("*.json") for root in (before, after)]
    described = [{path.stem: read_mapping(path).get("sha256") for path in of_root} for of_root in manifests]
    return tuple(sorted(name for name, found in described[0].items() if described[1].get(name, found) != found))


def _lost(pairs: list[tuple[RunRow, RunRow]], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        gone = sum(not math.isnan(old[name]) and math.isnan(new[name]) for old, new in pairs)
        if gone:
            yield f"{name} in {gone} of {len(pairs)} common runs"


def _by_run(runs: pd.DataFrame) -> dict[tuple[Any, ...], RunRow]:
    first = runs[runs["replicate"] == 1]
    return {tuple(run[name] for name in RUN): run for run in first.to_dict("records")}


def _title(key: tuple[Any, ...]) -> str:
    dataset, encoder, budget, arm, seed = key
    return f"{dataset}/{encoder}/{arm}/seed{seed}" + (f" (equal {budget})" if budget != "epochs" else "")


def _differ(old: RunRow, new: RunRow) -> bool:
    """Whether two runs were made with different settings: both have a fingerprint, and the two differ."""
    return any(old[name] and new[name] and old[name] != new[name] for name in SETTINGS)


def _row(
    arm: tuple[Any, ...], pairs: list[tuple[RunRow, RunRow]], metric: MetricColumn, config: AnalysisConfig
) -> dict[str, Any] | None:
    usable = [pair for pair in pairs if all(_usable(run, metric) for run in pair)]
    if not usable:
        return None
    old, new = (np.array([float(pair[side][metric.name]) for pair in usable]) for side in (0, 1))
    difference = weighted(np.stack([new, old], axis=1), (1.0, -1.0))
    low, high = (float(bound) for bound in t_interval(difference, config.confidence))
    narrow = equivalence_interval(difference, 1 - config.confidence)
    margin = config.margin_points if metric.kind == "accuracy" else abs(old.mean()) * config.margin_percent / 100
    proofs = {hashes_agree(pair) for pair in usable}
    return {
        **dict(zip(ARM, arm, strict=True)),
        "metric": metric.name,
        "before": float(old.mean()),
        "after": float(new.mean()),
        "difference": float(difference.mean()),
        "ci_low": low,
        "ci_high": high,
        "p_value": float(sign_flip_p(difference, resamples=config.resamples, seed=config.seed)),
        "n_seeds": len(usable),
        "paired": "none" if "differ" in proofs else "unproven" if "unknown" in proofs else "proven",
        "margin": margin,
        "verdict": verdict(difference, margin, metric, config.confidence),
        "equivalence_low": float(narrow[0]),
        "equivalence_high": float(narrow[1]),
    }


def _usable(run: RunRow, metric: MetricColumn) -> bool:
    return not math.isnan(run[metric.name]) and (bool(run["exclusive"]) or not metric.needs_quiet_machine)


def verdict(differences: NDArray[np.float64], margin: float, metric: MetricColumn, confidence: float = 0.95) -> str:
    """The verdict on one row, see the module, from after minus before, one value per common seed [n].

    Differences up to `margin`, in the metric's unit, count as none. 1 - `confidence` is the level of the one-sided
    tests behind `same`.
    """
    if not differences.any():  # the same code on the same machine, say: no interval is needed
        return SAME
    mean = float(differences.mean())
    worse = (mean < 0) == (metric.better == "higher")
    beyond, once = (WORSE, WORSE_ONCE) if worse else (BETTER, BETTER_ONCE)
    if metric.better is None:
        beyond, once = CHANGED, CHANGED_ONCE
    if len(differences) < LEANING_FROM:  # one has no interval, and two agree to the last digit by chance
        if abs(mean) <= margin:
            return UNCLEAR
        return once
    if no_spread(differences):  # equal in every seed, so there is no interval, and none is needed
        return SAME if abs(mean) <= margin else beyond
    low, high = t_interval(differences, confidence)
    if abs(mean) > margin and not low <= 0 <= high:
        return beyond
    narrow = equivalence_interval(differences, 1 - confidence)
    return SAME if -margin <= narrow[0] and narrow[1] <= margin else UNCLEAR
