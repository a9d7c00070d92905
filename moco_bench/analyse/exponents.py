"""How cost grows: the exponent of a power law, fitted on logarithmic axes."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

MEASURES = {"median_ms": "time of a step", "tensor_mib": "memory of tensors", "loss_mib": "memory of the loss"}
TIMES = ("median_ms",)
"""Measures that other processes can disturb; counted bytes of tensors don't depend on them."""
ENOUGH = 3
"""With this many undisturbed times, disturbed ones are left out of a fit: the fewest with a standard error."""

COLUMNS = [
    "dataset", "encoder", "arm", "quantity", "measure", "exponent", "standard_error", "points", "disturbed", "left_out",
]  # fmt: skip


class PowerLaw(NamedTuple):
    """y = e^intercept x^exponent. `standard_error` of the exponent is None with fewer than three points."""

    exponent: float
    intercept: float
    standard_error: float | None


def fit_power_law(x: list[float], y: list[float]) -> PowerLaw | None:
    """Least squares on logarithms; None with fewer than two distinct x, or where a value isn't positive.

    What is a constant plus a power has an exponent between zero and that power: the fit describes the range that was
    measured and nothing beyond.
    """
    if len(set(x)) < 2 or min(x) <= 0 or min(y) <= 0:
        return None
    log_x, log_y = np.log(x), np.log(y)
    centred = log_x - log_x.mean()
    spread = float((centred**2).sum())
    slope = float((centred * log_y).sum()) / spread
    intercept = float(log_y.mean() - slope * log_x.mean())
    error = None
    if len(x) > 2:
        residuals = log_y - intercept - slope * log_x
        error = math.sqrt(float((residuals**2).sum()) / (len(x) - 2) / spread)
    return PowerLaw(slope, intercept, error)


def law_of(rows: pd.DataFrame, measure: str) -> PowerLaw | None:
    """The power law of one measure, fitted to one arm's and quantity's rows of `growth.csv`; None without a fit.

    None also where the profile found that the measure falls somewhere (column `not_monotone`): there another way
    of computing begins, and a line through both describes neither. Through which points it goes, `fitted` says.
    """
    fallen = rows["not_monotone"].fillna("").astype(str) if "not_monotone" in rows else pd.Series(dtype=str)
    if any(measure in names.split() for names in fallen):
        return None
    known = fitted(rows, measure)
    return fit_power_law(known["value"].tolist(), known[measure].tolist()) if len(known) else None


def fitted(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The rows of one arm and quantity to which this measure's power law is fitted.

    Disturbed times (`disturbed_in`) are left out where `ENOUGH` others remain; else all are kept.
    """
    known = rows.dropna(subset=["value", measure])
    quiet = known[~disturbed_in(known, measure)]
    return quiet if len(quiet) >= ENOUGH else known


def disturbed_in(rows: pd.DataFrame, measure: str) -> pd.Series:
    """Which rows of `growth.csv` hold a disturbed figure of this measure: times that aren't `exclusive`.

    None of them where that wasn't recorded.
    """
    if measure not in TIMES or "exclusive" not in rows:
        return pd.Series(False, index=rows.index, dtype=bool)
    return ~rows["exclusive"].astype(bool)


def exponents_of(growth: pd.DataFrame) -> pd.DataFrame:
    """The exponents of all measures in all quantities that a profile varied, one row each.

    `points` says to how many a law was fitted; of all that were measured `disturbed` were, and `left_out` for that.
    """
    rows = []
    if not growth.empty:
        for key, own in growth.groupby(["dataset", "encoder", "arm", "quantity"], sort=False):
            for measure in MEASURES:
                law = law_of(own, measure)
                if law is not None:
                    known = own.dropna(subset=["value", measure])
                    points, disturbed = len(fitted(own, measure)), int(disturbed_in(known, measure).sum())
                    left_out = len(known) - points
                    rows.append((*key, measure, law.exponent, law.standard_error, points, disturbed, left_out))
    return pd.DataFrame(rows, columns=COLUMNS)
