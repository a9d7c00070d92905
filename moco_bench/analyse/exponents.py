"""How cost grows: the exponent of a power law, fitted where both axes are logarithmic."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

MEASURES = {"median_ms": "time of a step", "tensor_mib": "memory of tensors", "loss_mib": "memory of the loss"}
COLUMNS = ["dataset", "encoder", "arm", "quantity", "measure", "exponent", "standard_error", "points"]


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
    """The power law of one measure in rows of `growth.csv`, of one arm and quantity; None where there is none to fit.

    Nor is one fitted where the profile found the measure to fall somewhere (column `not_monotone`): there another way
    of computing begins, and a line through both describes neither.
    """
    fallen = rows["not_monotone"].fillna("").astype(str) if "not_monotone" in rows else pd.Series(dtype=str)
    if any(measure in names.split() for names in fallen):
        return None
    known = rows.dropna(subset=["value", measure])
    return fit_power_law(known["value"].tolist(), known[measure].tolist()) if len(known) else None


def exponents_of(growth: pd.DataFrame) -> pd.DataFrame:
    """The exponents of all measures in all quantities that a profile varied, a row each."""
    rows = []
    if not growth.empty:
        for key, own in growth.groupby(["dataset", "encoder", "arm", "quantity"], sort=False):
            for measure in MEASURES:
                law = law_of(own, measure)
                if law is not None:
                    points = int(own[["value", measure]].notna().all(axis=1).sum())
                    rows.append((*key, measure, law.exponent, law.standard_error, points))
    return pd.DataFrame(rows, columns=COLUMNS)
