import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress

from moco_bench.analyse.exponents import MEASURES, exponents_of, fit_power_law, fitted


def test_a_power_law_is_found_exactly():
    law = fit_power_law([1.0, 2.0, 4.0, 8.0], [3.0 * x**1.5 for x in (1.0, 2.0, 4.0, 8.0)])
    assert law.exponent == pytest.approx(1.5)
    assert np.exp(law.intercept) == pytest.approx(3.0)
    assert law.standard_error == pytest.approx(0.0, abs=1e-9)


def test_slope_and_error_are_those_of_scipy():
    x = [1.0, 2.0, 4.0, 8.0, 16.0]
    y = [2.1, 3.7, 9.0, 15.2, 36.0]
    expected = linregress(np.log(x), np.log(y))
    law = fit_power_law(x, y)
    assert law.exponent == pytest.approx(expected.slope)
    assert law.intercept == pytest.approx(expected.intercept)
    assert law.standard_error == pytest.approx(expected.stderr)


@pytest.mark.parametrize(
    ("x", "y"), [([2.0], [1.0]), ([2.0, 2.0], [1.0, 3.0]), ([1.0, 2.0], [0.0, 3.0]), ([0.0, 2.0], [1.0, 3.0])]
)
def test_where_there_is_no_law_there_is_no_number(x, y):
    assert fit_power_law(x, y) is None


def test_two_points_have_no_error():
    assert fit_power_law([1.0, 2.0], [1.0, 4.0]).standard_error is None


def test_every_measure_of_every_quantity_has_a_row():
    growth = pd.DataFrame(
        [
            {
                "dataset": "d", "encoder": "e", "arm": arm, "quantity": quantity, "value": value,
                "median_ms": factor * value, "tensor_mib": 5.0, "loss_mib": value**2,
            }
            for arm, factor in (("vanilla", 1.0), ("both", 2.0))
            for quantity in ("batch_size", "queue_size")
            for value in (16, 32, 64)
        ]
    )  # fmt: skip
    found = exponents_of(growth)
    assert len(found) == 2 * 2 * 3
    by_measure = found.groupby("measure")["exponent"].agg(["min", "max"])
    assert by_measure.loc["median_ms"].tolist() == pytest.approx([1, 1])
    assert by_measure.loc["tensor_mib"].tolist() == pytest.approx([0, 0], abs=1e-9)
    assert by_measure.loc["loss_mib"].tolist() == pytest.approx([2, 2])
    assert exponents_of(pd.DataFrame()).empty


def test_a_series_that_falls_somewhere_has_no_law():
    growth = pd.DataFrame(
        {
            "dataset": "d", "encoder": "e", "arm": "filter", "quantity": "queue_size", "value": [16, 32, 64],
            "median_ms": [1.0, 2.0, 4.0], "tensor_mib": [1.0, 2.0, 4.0], "loss_mib": [1.0, 2.0, 0.5],
            "not_monotone": "loss_mib",
        }
    )  # fmt: skip
    assert set(exponents_of(growth)["measure"]) == {"median_ms", "tensor_mib"}
    assert set(exponents_of(growth.assign(not_monotone=None))["measure"]) == set(MEASURES)


def disturbed_growth(exclusive: list[bool]) -> pd.DataFrame:
    """Times and memory proportional to the queue; what was disturbed took nine times as long."""
    values = [16 * 2**place for place in range(len(exclusive))]
    return pd.DataFrame(
        {
            "dataset": "d", "encoder": "e", "arm": "both", "quantity": "queue_size", "value": values,
            "median_ms": [value * (1 if alone else 9) for value, alone in zip(values, exclusive, strict=True)],
            "tensor_mib": values, "loss_mib": values, "exclusive": exclusive,
        }
    )  # fmt: skip


def test_disturbed_times_are_left_out_and_memory_keeps_all():
    found = exponents_of(disturbed_growth([True, False, True, True])).set_index("measure")
    assert found["exponent"].tolist() == pytest.approx([1, 1, 1])
    assert found.loc["median_ms", ["points", "disturbed", "left_out"]].tolist() == [3, 1, 1]
    assert found.loc["tensor_mib", ["points", "disturbed", "left_out"]].tolist() == [4, 0, 0]


def test_with_too_few_undisturbed_times_all_are_kept():
    rows = disturbed_growth([False, False, True, True])
    found = exponents_of(rows).set_index("measure")
    assert found.loc["median_ms", "exponent"] < 0.5
    assert found.loc["median_ms", ["points", "disturbed", "left_out"]].tolist() == [4, 2, 0]
    assert len(fitted(rows, "median_ms")) == 4
    assert len(fitted(rows.drop(columns="exclusive"), "median_ms")) == 4


def test_a_missing_time_is_no_point_that_remains():
    rows = disturbed_growth([True, False, True, True])
    rows.loc[0, "median_ms"] = None
    assert fitted(rows, "median_ms")["value"].tolist() == [32, 64, 128]
