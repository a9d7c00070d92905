"""Two results directories against each other: two versions of the code, or two machines.

Runs are matched by data set, encoder, arm, budget and seed, and compared as pairs. A *regression* is a mean difference
that is worse than the margin and whose interval, where there are seeds enough for one, leaves out zero; or a run that
was done before and fails now.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from moco_bench.analyse.intervals import t_interval
from moco_bench.analyse.metrics import METRICS, Metric
from moco_bench.analyse.pairing import hashes_agree
from moco_bench.analyse.signflip import sign_flip_p
from moco_bench.suite.analysis import AnalysisConfig

ARM = ("dataset", "encoder", "budget", "arm")
RUN = (*ARM, "seed")
COLUMNS = (
    *ARM, "metric", "before", "after", "difference", "ci_low", "ci_high", "p_value", "n_seeds", "paired", "margin",
    "verdict",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """`table` has one row an arm and metric; the rest are identifiers of runs."""

    table: pd.DataFrame
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    newly_failed: tuple[str, ...]

    @property
    def regressed(self) -> bool:
        """Whether anything got worse beyond its margin."""
        return bool((self.table["verdict"] == "regression").any()) or bool(self.newly_failed)


def compare(
    before: pd.DataFrame, after: pd.DataFrame, config: AnalysisConfig, metrics: tuple[str, ...] | None = None
) -> Comparison:
    """Compare two tables of runs (as `read_runs` returns them); the margins are those of `config`."""
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
    return Comparison(
        pd.DataFrame(rows, columns=list(COLUMNS)),
        only_before=tuple(_title(key) for key in old if key not in new and key not in failed),
        only_after=tuple(_title(key) for key in new if key not in old),
        newly_failed=tuple(_title(key) for key in old if key in failed),
    )


def _by_run(runs: pd.DataFrame) -> dict[tuple[Any, ...], dict[Any, Any]]:
    first = runs[runs["replicate"] == 1]
    return {tuple(run[name] for name in RUN): run for run in first.to_dict("records")}


def _title(key: tuple[Any, ...]) -> str:
    dataset, encoder, budget, arm, seed = key
    return f"{dataset}/{encoder}/{arm}/seed{seed}" + (f" (equal {budget})" if budget != "epochs" else "")


def _row(
    arm: tuple[Any, ...], pairs: list[tuple[dict[Any, Any], dict[Any, Any]]], metric: Metric, config: AnalysisConfig
) -> dict[str, Any] | None:
    usable = [pair for pair in pairs if all(_usable(run, metric) for run in pair)]
    if not usable:
        return None
    old, new = (np.array([float(pair[side][metric.name]) for pair in usable]) for side in (0, 1))
    difference = new - old
    low, high = (float(bound) for bound in t_interval(difference, config.confidence))
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
        "verdict": verdict(float(difference.mean()), low, high, margin, metric),
    }


def _usable(run: dict[Any, Any], metric: Metric) -> bool:
    return not math.isnan(run[metric.name]) and (bool(run["exclusive"]) or not metric.needs_quiet_machine)


def verdict(difference: float, low: float, high: float, margin: float, metric: Metric) -> str:
    """`same` within the margin; `regression` or `improvement` beyond it; `unclear` where the interval holds zero."""
    if abs(difference) <= margin:
        return "same"
    if not math.isnan(low) and low <= 0 <= high:
        return "unclear"
    worse = (difference < 0) == (metric.better == "higher")
    return "regression" if worse else "improvement"
