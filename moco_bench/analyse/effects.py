"""`effects.csv`: every effect on every metric, with how sure it is.

One row a (data set, encoder, metric, budget, effect). An estimate is the mean over paired seeds of the effect's
per-seed value, in the metric's unit (accuracies: percentage points). `p_value` is the exact sign-flip test's and
`p_holm` the same after Holm's correction within its family; `p_equivalence_holm` is the larger of the two equivalence
p-values, corrected within the same family. Where an effect could not be computed (too few finished seeds) its numbers
are empty and the row stays, so that a hole is seen.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from moco_bench.analyse.contrasts import Contrast, contrasts_among
from moco_bench.analyse.detectable import detectable_effect
from moco_bench.analyse.equivalence import equivalence_interval, equivalence_p, exact_equivalence_p
from moco_bench.analyse.findings import finding_of
from moco_bench.analyse.intervals import studentised_bootstrap_interval, t_interval
from moco_bench.analyse.metrics import METRICS, Metric
from moco_bench.analyse.multiplicity import holm
from moco_bench.analyse.pairing import PairedValues, RunsBySeed, paired_values, runs_by_seed
from moco_bench.analyse.plan import AnalysisPlan
from moco_bench.analyse.signflip import sign_flip_p, smallest_p
from moco_bench.analyse.sizes import cohens_dz, interquartile_mean, probability_of_improvement
from moco_bench.analyse.table import cells, finished, with_shared_runs
from moco_bench.suite.analysis import AnalysisConfig

FIXED_COLUMNS = (
    "dataset", "encoder", "metric", "budget", "effect", "estimate", "ci_low", "ci_high", "ci_method", "p_value",
    "p_holm", "n_seeds", "paired",
)  # fmt: skip
MORE_COLUMNS = (
    "kind", "standard_deviation", "cohens_dz", "interquartile_mean", "probability_of_improvement", "smallest_p",
    "detectable_effect", "margin", "p_equivalence", "p_equivalence_exact", "p_equivalence_holm", "equivalence_low",
    "equivalence_high", "family_size", "finding", "other_low", "other_high", "other_method", "left_out",
)  # fmt: skip
COLUMNS = (*FIXED_COLUMNS, *MORE_COLUMNS)


def effects_of(runs: pd.DataFrame, plan: AnalysisPlan | None = None) -> pd.DataFrame:
    """All effects that the arms in `runs` (as `read_runs` returns it) allow. Columns: `COLUMNS`."""
    plan = plan or AnalysisPlan()
    config = plan.config
    measured = metrics_measured(runs, config)
    rows = [
        _row(done, by_seed, key, contrast, METRICS[name], plan)
        for key, cell in cells(with_shared_runs(runs))
        for done, by_seed in ((finished(cell), runs_by_seed(cell)),)
        for name in measured
        for contrast in contrasts_among(cell["arm"], plan.baseline, plan.contrasts)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if table.empty:
        return table
    table["p_equivalence_holm"] = table[["p_equivalence", "p_equivalence_exact"]].max(axis=1, skipna=False)
    family = ["metric", "kind"] + (["dataset", "encoder", "budget"] if config.holm == "data-set" else [])
    families = table.groupby(family, sort=False)
    table["family_size"] = families["p_value"].transform("count").astype(int)
    table["p_holm"] = families["p_value"].transform(_corrected)
    table["p_equivalence_holm"] = families["p_equivalence_holm"].transform(_corrected)
    complete = table.to_dict("records")
    table["detectable_effect"] = [_detectable(row, config) for row in complete]
    table["finding"] = [finding_of(row, config) for row in complete]
    return table


def _corrected(p: pd.Series) -> Any:
    return holm(p.to_numpy(dtype=float))


def _detectable(row: dict[Any, Any], config: AnalysisConfig) -> float:
    """By the rule that `findings.finding_of` applies; NaN where no effect is large enough for so few seeds."""
    if row["n_seeds"] < 2:
        return math.nan
    level = round(1 - config.confidence, 12)
    return detectable_effect(
        row["standard_deviation"], row["n_seeds"], tests=row["family_size"], level=level, resamples=config.resamples
    )


def metrics_measured(runs: pd.DataFrame, config: AnalysisConfig) -> list[str]:
    """The primary metric, and the declared metrics, costs and claims' metrics of which any finished run has a value."""
    declared = [config.primary, *config.metrics, *config.costs, *(c.metric for c in config.claims if c.metric)]
    done = finished(runs)
    return [name for name in dict.fromkeys(declared) if name == config.primary or done[name].notna().any()]


def _row(
    done: pd.DataFrame,
    runs: RunsBySeed,
    key: tuple[Any, ...],
    contrast: Contrast,
    metric: Metric,
    plan: AnalysisPlan,
) -> dict[str, Any]:
    config = plan.config
    pairs = paired_values(runs, contrast, metric)
    margin = _margin(done, contrast, metric, plan)
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
        **_statistics(pairs, margin, metric, config),
    }


def _statistics(pairs: PairedValues, margin: float, metric: Metric, config: AnalysisConfig) -> dict[str, Any]:
    x, n, level = pairs.values, len(pairs.values), 1 - config.confidence
    by_t = t_interval(x, config.confidence)
    by_bootstrap = studentised_bootstrap_interval(x, config.confidence, resamples=config.resamples, seed=config.seed)
    shown, other = (by_t, by_bootstrap) if config.interval == "t" else (by_bootstrap, by_t)
    narrow = equivalence_interval(x, level)
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
        "probability_of_improvement": probability_of_improvement(x, metric.better),
        "smallest_p": smallest_p(n, config.resamples) if n else math.nan,
        "p_equivalence": float(equivalence_p(x, margin)),
        "p_equivalence_exact": float(exact_equivalence_p(x, margin, resamples=config.resamples, seed=config.seed)),
        "equivalence_low": _finite(narrow[0]),
        "equivalence_high": _finite(narrow[1]),
    }


def _margin(done: pd.DataFrame, contrast: Contrast, metric: Metric, plan: AnalysisPlan) -> float:
    """The declared margin in the metric's unit: points of accuracy, or a part of what the control arms have."""
    if metric.kind == "accuracy":
        return plan.config.margin_points
    controls = [arm for arm, weight in contrast.weights.items() if weight < 0]
    level = done.loc[done["arm"].isin(controls), metric.name].abs().mean()
    return float(level) * plan.config.margin_percent / 100


def _finite(value: Any) -> float:
    return float(value) if np.isfinite(value) else math.nan
