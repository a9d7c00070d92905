"""`effects.csv`: every effect on every metric, with how sure it is.

One row a (data set, encoder, metric, budget, effect). An estimate is the mean over paired seeds of the effect's
per-seed value, in the metric's unit (accuracies: percentage points). `p_value` is the exact sign-flip test's and
`p_holm` the same after Holm's correction within its family. Where an effect could not be computed (too few finished
seeds) its numbers are empty and the row stays, so that a hole is seen.
"""

import math
from typing import Any, Literal

import numpy as np
import pandas as pd

from moco_bench.analyse.contrasts import Contrast, contrasts_among
from moco_bench.analyse.equivalence import equivalence_p, exact_equivalence_p
from moco_bench.analyse.intervals import studentised_bootstrap_interval, t_interval
from moco_bench.analyse.metrics import METRICS, Metric
from moco_bench.analyse.multiplicity import holm
from moco_bench.analyse.pairing import PairedValues, paired_values
from moco_bench.analyse.plan import AnalysisPlan
from moco_bench.analyse.power import detectable_effect
from moco_bench.analyse.signflip import sign_flip_p, smallest_p
from moco_bench.analyse.sizes import cohens_dz, interquartile_mean, probability_of_improvement
from moco_bench.analyse.table import cells, finished, with_shared_runs
from moco_bench.suite.analysis import AnalysisConfig

Finding = Literal[
    "higher", "lower", "equivalent", "leans-higher", "leans-lower", "leans-equivalent", "undecided", "no-data"
]

LEANING_FROM = 3
FIXED_COLUMNS = (
    "dataset", "encoder", "metric", "budget", "effect", "estimate", "ci_low", "ci_high", "ci_method", "p_value",
    "p_holm", "n_seeds", "paired",
)  # fmt: skip
MORE_COLUMNS = (
    "kind", "standard_deviation", "cohens_dz", "interquartile_mean", "probability_of_improvement", "smallest_p",
    "detectable_effect", "margin", "p_equivalence", "p_equivalence_exact", "finding", "other_low", "other_high",
    "other_method", "left_out",
)  # fmt: skip
COLUMNS = (*FIXED_COLUMNS, *MORE_COLUMNS)


def effects_of(runs: pd.DataFrame, plan: AnalysisPlan | None = None) -> pd.DataFrame:
    """All effects that the arms in `runs` (as `read_runs` returns it) allow. Columns: `COLUMNS`."""
    plan = plan or AnalysisPlan()
    config = plan.config
    rows = [
        _row(cell, key, contrast, METRICS[name], plan)
        for key, cell in cells(with_shared_runs(runs))
        for name in metrics_measured(runs, config)
        for contrast in contrasts_among(cell["arm"], plan.baseline, plan.contrasts)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if table.empty:
        return table
    family = ["metric", "kind"] + (["dataset", "encoder", "budget"] if config.holm == "data-set" else [])
    table["p_holm"] = table.groupby(family, sort=False)["p_value"].transform(lambda p: holm(p.to_numpy(dtype=float)))
    table["finding"] = [finding_of(row, config) for row in table.to_dict("records")]
    return table


def metrics_measured(runs: pd.DataFrame, config: AnalysisConfig) -> list[str]:
    """The primary metric, and the declared metrics, costs and claims' metrics of which any finished run has a value."""
    declared = [config.primary, *config.metrics, *config.costs, *(c.metric for c in config.claims if c.metric)]
    done = finished(runs)
    return [name for name in dict.fromkeys(declared) if name == config.primary or done[name].notna().any()]


def _row(
    cell: pd.DataFrame, key: tuple[str, str, str], contrast: Contrast, metric: Metric, plan: AnalysisPlan
) -> dict[str, Any]:
    config = plan.config
    pairs = paired_values(cell, contrast, metric)
    margin = _margin(cell, contrast, metric, plan)
    dataset, encoder, budget = key
    return {
        "dataset": dataset,
        "encoder": encoder,
        "metric": metric.name,
        "budget": budget,
        "effect": contrast.name,
        "kind": contrast.kind,
        "paired": pairs.pairing,
        "n_seeds": len(pairs.seeds),
        "margin": margin,
        "left_out": "; ".join(f"seed {seed}: {why}" for seed, why in pairs.left_out.items()),
        **_statistics(pairs, margin, config),
    }


def _statistics(pairs: PairedValues, margin: float, config: AnalysisConfig) -> dict[str, Any]:
    x, n, level = pairs.values, len(pairs.values), 1 - config.confidence
    by_t = t_interval(x, config.confidence)
    by_bootstrap = studentised_bootstrap_interval(x, config.confidence, resamples=config.resamples, seed=config.seed)
    shown, other = (by_t, by_bootstrap) if config.interval == "t" else (by_bootstrap, by_t)
    spread = float(x.std(ddof=1)) if n > 1 else math.nan
    return {
        "estimate": float(x.mean()) if n else math.nan,
        "ci_low": _finite(shown[0]),
        "ci_high": _finite(shown[1]),
        "ci_method": config.interval,
        "other_low": _finite(other[0]),
        "other_high": _finite(other[1]),
        "other_method": "studentised-bootstrap" if config.interval == "t" else "t",
        "p_value": float(sign_flip_p(x, resamples=config.resamples, seed=config.seed)),
        "p_holm": math.nan,
        "standard_deviation": spread,
        "cohens_dz": cohens_dz(x),
        "interquartile_mean": interquartile_mean(x),
        "probability_of_improvement": probability_of_improvement(x),
        "smallest_p": smallest_p(n) if n else math.nan,
        "detectable_effect": detectable_effect(spread, n, level=level),
        "p_equivalence": equivalence_p(x, margin),
        "p_equivalence_exact": exact_equivalence_p(x, margin, resamples=config.resamples, seed=config.seed),
    }


def _margin(cell: pd.DataFrame, contrast: Contrast, metric: Metric, plan: AnalysisPlan) -> float:
    """The declared margin in the metric's unit: points of accuracy, or a part of what the control arms have."""
    if metric.kind == "accuracy":
        return plan.config.margin_points
    controls = [arm for arm, weight in contrast.weights.items() if weight < 0]
    level = finished(cell[cell["arm"].isin(controls)])[metric.name].abs().mean()
    return float(level) * plan.config.margin_percent / 100


def _finite(value: Any) -> float:
    return float(value) if np.isfinite(value) else math.nan


def finding_of(row: dict[Any, Any], config: AnalysisConfig) -> Finding:
    """What an effect's row says, by one rule for all.

    `higher` or `lower`: the interval leaves out zero *and* the Holm-adjusted exact p is at most 1 - confidence.
    `equivalent`: else, two one-sided tests, by t and by sign flips, both put the effect inside the margin.
    `leans-...`: the t side says so from three seeds or more, the exact test can't or doesn't confirm it (two seeds may
    agree to the last digit by chance: accuracies come in steps). `undecided`: anything else.
    """
    level = 1 - config.confidence + 1e-12
    low, high = row["ci_low"], row["ci_high"]
    if math.isnan(row["estimate"]):
        return "no-data"
    side = "higher" if low > 0 else "lower" if high < 0 else None
    if side and row["p_holm"] <= level:
        return "higher" if side == "higher" else "lower"
    inside = row["p_equivalence"] <= level
    if inside and row["p_equivalence_exact"] <= level:
        return "equivalent"
    if row["n_seeds"] < LEANING_FROM:
        return "undecided"
    if side:
        return "leans-higher" if side == "higher" else "leans-lower"
    return "leans-equivalent" if inside else "undecided"
