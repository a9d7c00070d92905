import math

import pytest

from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.text import effects_as_text, interval, number, p_value


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "shown"),
    [
        (1.234, 2, False, "1.23"),
        (1.234, 2, True, "+1.23"),
        (-1.234, 1, False, "\u22121.2"),
        (-0.001, 2, True, "0.00"),
        (0.0, 2, True, "0.00"),
        (12345.6, 0, False, "12,346"),
        (math.nan, 2, False, "\u2013"),
        (None, 2, False, "\u2013"),
    ],
)
def test_numbers(value, decimals, signed, shown):
    assert number(value, decimals, signed=signed) == shown


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.25, "0.25"), (0.0625, "0.062"), (0.0078125, "0.0078"), (1.0, "1.00"), (1e-6, "< 0.0001"), (math.nan, "\u2013")],
)
def test_p_values(p, shown):
    assert p_value(p) == shown


def test_intervals():
    assert interval(-0.5, 1.25) == "[\u22120.50, +1.25]"
    assert interval(math.nan, 1.0) == "\u2013"


def test_what_is_not_judged_is_said_beside_the_finding(runs_of):
    effects = effects_of(runs_of(8))
    assert "not judged" not in effects_as_text(effects, "knn_top1")
    lines = effects_as_text(effects.assign(baseline_short_of="raw pixels"), "knn_top1").splitlines()
    assert lines
    assert all(line.endswith(" (not judged: the baseline arm is not above raw pixels)") for line in lines)
