"""How far an effect would change with other test images, and on which classes it holds.

The seeds' interval covers other seeds on *these* test images. Here seeds and images are both drawn: the two-level
(pigeonhole) bootstrap of Owen (2007), "The pigeonhole bootstrap", resamples seeds and images independently. Its
variance has a closed form, so nothing is drawn and equal results give equal intervals; what it counts double (the
interaction of seeds and images) is taken off, and few seeds are paid for by Student's t with the degrees of freedom of
Satterthwaite (1946), "An approximate distribution of estimates of variance components". It is never narrower than the
seeds' interval, since it covers more.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.contrasts import Contrast
from moco_bench.analyse.intervals import no_spread, t_interval
from moco_bench.analyse.outcomes import Outcomes
from moco_bench.analyse.pairing import RunsBySeed, paired_values, runs_by_seed
from moco_bench.analyse.table import cells, with_shared_runs
from moco_bench.suite.metrics import METRICS

Floats = NDArray[np.float64]
CLASS_COLUMNS = (
    "dataset", "encoder", "budget", "metric", "effect", "class", "estimate", "ci_low", "ci_high", "n_seeds", "n_images",
)  # fmt: skip


def two_level_interval(differences: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of the mean of `differences` [seeds, images] over other seeds and other images.

    NaN with fewer than two seeds or images, where nothing varies, and where all seeds' means are equal: nothing is
    known of their spread then, as in the seeds' interval.
    """
    n, count = differences.shape
    if n < 2 or count < 2:
        return math.nan, math.nan
    of_seeds, of_images, mean = differences.mean(axis=1), differences.mean(axis=0), float(differences.mean())
    if no_spread(of_seeds):
        return math.nan, math.nan
    by_seeds = float(of_seeds.var(ddof=1)) / n
    by_images = float(of_images.var(ddof=1)) / count
    rest = differences - of_seeds[:, None] - of_images + mean
    both = float((rest**2).sum()) / ((n - 1) * (count - 1)) / (n * count)
    variance = max(by_seeds + by_images - both, by_seeds, by_images)
    if not variance > 0:
        return math.nan, math.nan
    freedom = variance**2 / (by_seeds**2 / (n - 1) + by_images**2 / (count - 1) + both**2 / ((n - 1) * (count - 1)))
    level = (1 + confidence) / 2
    half = float(stdtrit(freedom, level)) * math.sqrt(variance)
    half = max(half, float(stdtrit(n - 1, level)) * math.sqrt(by_seeds))
    return mean - half, mean + half


def outcomes_by_run(runs: RunsBySeed, plan: AnalysisPlan) -> dict[tuple[int, str], Outcomes]:
    """Outcomes by image of the finished runs, by seed and arm, where they are known."""
    known = {key: plan.evidence.outcomes(str(run["directory"])) for key, run in runs.finished.items()}
    return {key: outcomes for key, outcomes in known.items() if outcomes is not None}


def image_differences(
    known: Mapping[tuple[int, str], Outcomes], contrast: Contrast, seeds: Sequence[int], metric: str
) -> Floats | None:
    """The contrast by seed and image [seeds, images] in percentage points; None where a run's outcomes aren't known."""
    rows: list[Floats] = []
    for seed in seeds:
        row: Floats | None = None
        for arm, weight in contrast.weights.items():
            own = known.get((seed, arm))
            right = own.correct.get(metric) if own is not None else None
            if right is None or (row is not None and len(row) != len(right)):
                return None
            added: Floats = 100 * weight * right
            row = added if row is None else row + added
        if row is None or (rows and len(row) != len(rows[0])):
            return None
        rows.append(row)
    return np.array(rows) if rows else None


def class_differences(runs: pd.DataFrame, plan: AnalysisPlan) -> pd.DataFrame:
    """`classes.csv`: each effect's difference by class, mean over seeds with the seeds' t interval; not corrected."""
    rows = [row for key, cell in cells(with_shared_runs(runs)) for row in _of_cell(key, cell, plan)]
    return pd.DataFrame(rows, columns=list(CLASS_COLUMNS))


def _of_cell(key: tuple[Any, ...], cell: pd.DataFrame, plan: AnalysisPlan) -> Iterator[dict[str, Any]]:
    runs = runs_by_seed(cell, plan.shared)
    known = outcomes_by_run(runs, plan)
    if not known:
        return
    dataset, encoder, budget = key
    for name in dict.fromkeys(metric for outcomes in known.values() for metric in outcomes.class_correct):
        for contrast in plan.contrasts_of(cell["arm"]) if name in METRICS else ():
            pairs = paired_values(runs, contrast, METRICS[name])
            seeds = [seed for seed in pairs.seeds if all((seed, arm) in known for arm in contrast.weights)]
            if not seeds:
                continue
            counts = known[seeds[0], next(iter(contrast.weights))].class_counts
            values = np.array(
                [
                    sum(
                        100 * weight * known[seed, arm].class_correct[name] / np.maximum(counts, 1)
                        for arm, weight in contrast.weights.items()
                    )
                    for seed in seeds
                ]
            )
            low, high = t_interval(np.round(values.T, 9), plan.config.confidence)
            for place in np.flatnonzero(counts):
                yield {
                    "dataset": dataset, "encoder": encoder, "budget": budget, "metric": name, "effect": contrast.name,
                    "class": int(place), "estimate": float(values[:, place].mean()), "ci_low": float(low[place]),
                    "ci_high": float(high[place]), "n_seeds": len(seeds), "n_images": int(counts[place]),
                }  # fmt: skip
