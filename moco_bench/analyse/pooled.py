"""Effects of runs of several machines: paired within each machine, then pooled over machines.

A seed is a pair only where all of its arms ran on one kind of machine. Each machine gives an effect with a standard
error; DerSimonian and Laird's random-effects estimate (Controlled Clinical Trials 7, 1986) pools them, so that a
difference between machines widens the interval instead of hiding in it.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.intervals import no_spread
from moco_bench.analyse.machines import kinds_of
from moco_bench.analyse.pairing import paired_values, runs_by_seed
from moco_bench.analyse.table import cells, finished, with_shared_runs
from moco_bench.suite.metrics import METRICS

COLUMNS = (
    "dataset", "encoder", "metric", "budget", "effect", "machines", "seeds", "estimate", "standard_error", "ci_low",
    "ci_high", "between_machines", "i_squared", "p_heterogeneity",
)  # fmt: skip


def random_effects(effects: Sequence[float], variances: Sequence[float]) -> dict[str, float]:
    """DerSimonian and Laird's estimate of at least two effects, each with the variance of its estimate, above 0.

    Returns:
        `estimate` and its `standard_error` in the unit of the effects; `between_machines`, the standard deviation of
        the true effect, tau; `i_squared`, the part of the variation that is between machines, 0 to 1; and
        `p_heterogeneity`, of Cochran's Q test that there is none.
    """
    x, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    weights = 1 / v
    fixed = float((weights * x).sum() / weights.sum())
    q, freedom = float((weights * (x - fixed) ** 2).sum()), len(x) - 1
    spread = weights.sum() - (weights**2).sum() / weights.sum()
    between = max(0.0, (q - freedom) / float(spread))
    weights = 1 / (v + between)
    return {
        "estimate": float((weights * x).sum() / weights.sum()),
        "standard_error": float(weights.sum() ** -0.5),
        "between_machines": math.sqrt(between),
        "i_squared": max(0.0, (q - freedom) / q) if q > 0 else 0.0,
        "p_heterogeneity": float(stats.chi2.sf(q, freedom)),
    }


def pooled_effects(runs: pd.DataFrame, plan: AnalysisPlan) -> pd.DataFrame:
    """One row per effect on an accuracy that at least two machines have measured with at least two seeds each.

    Empty where all runs are of one machine: `effects.csv` says all there is.
    """
    rows = []
    for key, cell in cells(with_shared_runs(runs)):
        done = finished(cell)
        kinds = kinds_of(done)
        by_machine = (done[[kind == each for kind in kinds]] for each in dict.fromkeys(kinds))
        of_machine = [runs_by_seed(own, plan.shared) for own in by_machine]
        if len(of_machine) < 2:
            continue
        contrasts = plan.contrasts_of(cell["arm"])
        for name, metric in METRICS.items():
            if metric.kind != "accuracy" or not cell[name].notna().any():
                continue
            for contrast in contrasts:
                values = [paired_values(own, contrast, metric).values for own in of_machine]
                values = [own for own in values if len(own) > 1 and not no_spread(own)]
                if len(values) > 1:
                    place = dict(zip(("dataset", "encoder", "budget"), key, strict=True))
                    rows.append({**place, "metric": name, "effect": contrast.name, **_row(values, plan)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(values: Sequence[np.ndarray[Any, Any]], plan: AnalysisPlan) -> dict[str, Any]:
    pooled = random_effects([own.mean() for own in values], [own.var(ddof=1) / len(own) for own in values])
    half = float(stats.norm.ppf(0.5 + plan.config.confidence / 2)) * pooled["standard_error"]
    bounds = {"ci_low": pooled["estimate"] - half, "ci_high": pooled["estimate"] + half}
    return {"machines": len(values), "seeds": sum(map(len, values)), **pooled, **bounds}
