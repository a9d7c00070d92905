"""`effects.csv`: every effect on every metric, with its uncertainty.

One row per (data set, encoder, metric, budget, effect). An estimate is the mean over paired seeds of the effect's
per-seed value, in the metric's unit (accuracies: percentage points). `p_value` is the exact sign-flip test's and
`p_holm` the same after Holm's correction within its family; `p_equivalence_holm` is the larger of the two equivalence
p-values, corrected within the same family; `p_ledger` is corrected over all claims of the suite, for effects that a
claim is about. `n_pending` seeds are planned and not run yet: the row is an interim result. Where an effect could not
be computed (too few finished seeds) its numbers are empty and the row stays, so that a hole is seen; `note` says what a
number averages and why one is missing.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.baselines import standing
from moco_bench.analyse.contrasts import Contrast
from moco_bench.analyse.detectable import detectable_dz
from moco_bench.analyse.doses import doses_of
from moco_bench.analyse.equivalence import equivalence_interval, equivalence_p, exact_equivalence_p
from moco_bench.analyse.findings import finding_of
from moco_bench.analyse.images import image_differences, outcomes_by_run, two_level_interval
from moco_bench.analyse.intervals import no_spread, studentised_bootstrap_interval, t_interval
from moco_bench.analyse.ledger import ledger_p
from moco_bench.analyse.multiplicity import holm
from moco_bench.analyse.pairing import PairedValues, paired_values, runs_by_seed
from moco_bench.analyse.signflip import sign_flip_p, smallest_p
from moco_bench.analyse.sizes import cohens_dz, interquartile_mean, probability_of_improvement, standard_deviation
from moco_bench.analyse.table import cells, finished, with_shared_runs
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.metrics import METRICS, MetricColumn, added

Floats = NDArray[np.float64]
COLUMNS = (
    "dataset", "encoder", "metric", "budget", "effect", "estimate", "ci_low", "ci_high", "ci_method", "p_value",
    "p_holm", "n_seeds", "paired",
    "kind", "standard_deviation", "cohens_dz", "interquartile_mean", "probability_of_improvement", "smallest_p",
    "detectable_effect", "margin", "p_equivalence", "p_equivalence_exact", "p_equivalence_holm", "equivalence_low",
    "equivalence_high", "family_size", "finding", "other_low", "other_high", "other_method", "left_out",
    "p_ledger", "baseline_standing", "baseline_short_of", "note", "ci_covers", "images_low", "images_high",
    "images_ci_covers", "n_images", "treatment", "control", "n_pending",
)  # fmt: skip


def effects_of(runs: pd.DataFrame, plan: AnalysisPlan | None = None) -> pd.DataFrame:
    """All effects that the arms in `runs` (as `read_runs` returns it) allow. Columns: `COLUMNS`."""
    plan = plan or AnalysisPlan()
    config = plan.config
    measured = metrics_measured(runs, config)
    rows, values = [], []
    for key, cell in cells(with_shared_runs(runs)):
        done, by_seed = finished(cell), runs_by_seed(cell, plan.shared)
        contrasts, doses = plan.contrasts_of(cell["arm"]), doses_of(plan, key[:2])
        known, levels = outcomes_by_run(by_seed, plan), dict[tuple[str, ...], float]()
        for name in measured:
            held = standing(cell, METRICS[name], plan.baseline, plan.evidence, config.margin_points)
            paired = [paired_values(by_seed, contrast, METRICS[name]) for contrast in contrasts]
            margins = [_margin(done, contrast, METRICS[name], plan, levels) for contrast in contrasts]
            found = statistics_of([pairs.values for pairs in paired], margins, METRICS[name], config)
            for contrast, pairs, statistics in zip(contrasts, paired, found, strict=True):
                values.append(dict(zip(pairs.seeds, pairs.values, strict=True)))
                row = _row(pairs, key, contrast, METRICS[name]) | statistics
                row |= _over_images(image_differences(known, contrast, pairs.seeds, name), config)
                row["baseline_standing"] = held.words if held is not None and held.decided else ""
                row["baseline_short_of"] = " and ".join(held.short_of) if held is not None and held.decided else ""
                row["note"] = "; ".join(text for text in (doses.get(contrast.name, ""), row["note"]) if text)
                rows.append(row)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if table.empty:
        return table
    table["p_ledger"] = _over_claims(rows, values, plan)
    # Where the differences don't vary the t-test has no p, and the exact one stands alone.
    both_p = table[["p_equivalence", "p_equivalence_exact"]].max(axis=1)
    table["p_equivalence_holm"] = both_p.where(table["n_seeds"] > 1)
    family = ["metric", "kind"] + (["dataset", "encoder", "budget"] if config.holm == "data-set" else [])
    families = table.groupby(family, sort=False)
    table["family_size"] = families["p_value"].transform("count").astype(int)
    table["p_holm"] = families["p_value"].transform(holm)
    table["p_equivalence_holm"] = families["p_equivalence_holm"].transform(holm)
    complete = table.to_dict("records")
    table["detectable_effect"] = [_detectable(row, config) for row in complete]
    # The correction needs its whole family: as long as one effect waits for seeds, none of them is decided.
    waiting = families["n_pending"].transform("max")
    table["finding"] = [
        finding_of({**row, "n_pending": seeds}, config) for row, seeds in zip(complete, waiting, strict=True)
    ]
    return table


def _over_images(differences: Floats | None, config: AnalysisConfig) -> dict[str, Any]:
    """The interval over seeds and images, beside the one over seeds; empty where no images' outcomes are known."""
    covers: dict[str, Any] = {"ci_covers": "other seeds, on these evaluation images"}
    if differences is None:
        return covers
    low, high = two_level_interval(differences, config.confidence)
    both = "other seeds and other evaluation images" if not math.isnan(low) else ""
    found = {"images_low": low, "images_high": high, "images_ci_covers": both, "n_images": differences.shape[1]}
    return {**covers, **found}


def _over_claims(rows: list[dict[str, Any]], values: list[dict[int, float]], plan: AnalysisPlan) -> Floats:
    """P-values corrected over all claims, data sets, encoders and budgets; NaN for effects without a claim."""
    config = plan.config
    claimed = {(quantity.metric, plan.effect_of(claim)) for claim in config.claims for quantity in claim.quantities}
    places = [place for place, row in enumerate(rows) if (row["metric"], row["effect"]) in claimed]
    found = np.full(len(rows), math.nan)
    found[places] = ledger_p([values[place] for place in places], resamples=config.resamples, seed=config.seed)
    return found


def _detectable(row: dict[Any, Any], config: AnalysisConfig) -> float:
    """The minimum detectable effect under `findings.finding_of`'s rule; NaN where so few seeds can detect none."""
    if row["n_seeds"] < 2:
        return math.nan
    level = round(1 - config.confidence, 12)
    dz = detectable_dz(row["n_seeds"], tests=row["family_size"], level=level, resamples=config.resamples)
    return dz * float(row["standard_deviation"])


def metrics_measured(runs: pd.DataFrame, config: AnalysisConfig) -> list[str]:
    """The primary metric, and each declared, claimed or plug-in metric of which a finished run has a value."""
    of_claims = (quantity.metric for claim in config.claims for quantity in claim.quantities)
    declared = [config.primary, *config.metrics, *config.costs, *of_claims, *(metric.name for metric in added())]
    done = finished(runs)
    return [name for name in dict.fromkeys(declared) if name == config.primary or done[name].notna().any()]


def _row(pairs: PairedValues, key: tuple[Any, ...], contrast: Contrast, metric: MetricColumn) -> dict[str, Any]:
    dataset, encoder, budget = key
    return {
        "dataset": dataset,
        "encoder": encoder,
        "metric": metric.name,
        "budget": budget,
        "effect": contrast.name,
        **{name: getattr(contrast, name) for name in ("kind", "treatment", "control")},
        "paired": pairs.pairing,
        "n_seeds": len(pairs.seeds),
        "n_pending": pairs.pending,
        "left_out": "; ".join(f"seed {seed}: {why}" for seed, why in pairs.left_out.items()),
    }


TOGETHER = 16
"""As many effects are computed at once: calls are few, and what they hold in between stays small."""


def statistics_of(
    values: Sequence[Floats], margins: Sequence[float], metric: MetricColumn, config: AnalysisConfig
) -> list[dict[str, Any]]:
    """Estimate, intervals and tests of each effect, from its differences by seed and its margin."""
    found: dict[int, dict[str, Any]] = {}
    for n in dict.fromkeys(map(len, values)):
        places = [place for place, x in enumerate(values) if len(x) == n]
        for start in range(0, len(places), TOGETHER):
            some = places[start : start + TOGETHER]
            x, margin = np.array([values[place] for place in some]), np.array([margins[place] for place in some])
            table = pd.DataFrame(_statistics(x, margin, metric, config), index=range(len(some)))
            rows: Any = table.to_dict("records")
            found |= zip(some, rows, strict=True)
    return [found[place] for place in range(len(values))]


def _statistics(x: Floats, margin: Floats, metric: MetricColumn, config: AnalysisConfig) -> dict[str, Any]:
    """The statistics of effects with equally many seeds; `x` [effects, seeds], `margin` [effects]."""
    n, level = x.shape[1], 1 - config.confidence
    by_t = t_interval(x, config.confidence)
    by_bootstrap = studentised_bootstrap_interval(x, config.confidence, resamples=config.resamples, seed=config.seed)
    shown, other = (by_t, by_bootstrap) if config.interval == "t" else (by_bootstrap, by_t)
    narrow = equivalence_interval(x, level)
    equal = f"no interval: the {n} seeds' differences are equal, so nothing is known of their spread" if n > 1 else ""
    unbounded = f"no interval: the {config.interval} has no bounds with {n} seeds" if n > 1 else ""
    return {
        "margin": margin,
        "estimate": x.mean(axis=1) if n else math.nan,
        "ci_low": _finite(shown[0]),
        "ci_high": _finite(shown[1]),
        "ci_method": config.interval,
        "other_low": _finite(other[0]),
        "other_high": _finite(other[1]),
        "other_method": "studentised-bootstrap" if config.interval == "t" else "t",
        "p_value": sign_flip_p(x, resamples=config.resamples, seed=config.seed),
        "standard_deviation": standard_deviation(x),
        "cohens_dz": cohens_dz(x),
        "interquartile_mean": interquartile_mean(x),
        "probability_of_improvement": probability_of_improvement(x, metric.better),
        "smallest_p": smallest_p(n, config.resamples) if n else math.nan,
        "p_equivalence": equivalence_p(x, margin),
        "p_equivalence_exact": exact_equivalence_p(x, margin, resamples=config.resamples, seed=config.seed),
        "equivalence_low": _finite(narrow[0]),
        "equivalence_high": _finite(narrow[1]),
        "note": np.where(no_spread(x), equal, np.where(np.isfinite(shown[0]), "", unbounded)),
    }


def _margin(
    done: pd.DataFrame,
    contrast: Contrast,
    metric: MetricColumn,
    plan: AnalysisPlan,
    levels: dict[tuple[str, ...], float],
) -> float:
    """The declared margin in the metric's unit: points of accuracy, or a fraction of the control arms' mean.

    `levels` remembers these means: hundreds of contrasts share the baseline.
    """
    if metric.kind == "accuracy":
        return plan.config.margin_points
    controls = [arm for arm, weight in contrast.weights.items() if weight < 0]
    place = metric.name, *controls
    if place not in levels:
        levels[place] = float(done.loc[done["arm"].isin(controls), metric.name].abs().mean())
    return levels[place] * plan.config.margin_percent / 100


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, math.nan)
