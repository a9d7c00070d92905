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


def exponents_of(growth: pd.DataFrame) -> pd.DataFrame:
    """The exponents of all measures in all quantities that a profile varied, a row each."""
    rows = []
    if not growth.empty:
        for key, own in growth.groupby(["dataset", "encoder", "arm", "quantity"], sort=False):
            for measure in MEASURES:
                known = own.dropna(subset=["value", measure])
                law = fit_power_law(known["value"].tolist(), known[measure].tolist()) if len(known) else None
                if law is not None:
                    rows.append((*key, measure, law.exponent, law.standard_error, len(known)))
    return pd.DataFrame(rows, columns=COLUMNS)
