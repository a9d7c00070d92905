import math

import pytest

from moco_bench.report.model.page import PAD, WIDTH
from moco_bench.report.sections.first_screen.strip import strip_for


def row(estimate, low=math.nan, high=math.nan, margin=1.0):
    return {"estimate": estimate, "ci_low": low, "ci_high": high, "margin": margin}


def test_places_are_linear_and_symmetric():
    block = [row(2.0, 1.0, 3.0), row(-0.5, -1.0, 0.0)]
    first, second = (strip_for(r, block) for r in block)
    assert first.zero == second.zero == WIDTH / 2
    assert first.margin == second.margin
    unit = first.margin[1] - first.zero
    assert first.estimate - first.zero == pytest.approx(2 * unit, abs=0.2)
    assert first.high - first.low == pytest.approx(2 * unit, abs=0.2)
    assert second.high == second.zero


def test_a_wild_interval_is_cut_at_the_edge():
    block = [row(0.5, -80.0, 81.0), row(0.2, 0.1, 0.3)]
    strip = strip_for(block[0], block)
    assert (strip.low, strip.high) == (PAD, WIDTH - PAD)
    assert (strip.cut_low, strip.cut_high) == (True, True)
    inside = strip_for(block[1], block)
    assert (inside.cut_low, inside.cut_high) == (False, False)
    one_sided = [row(0.5, -0.2, 81.0), row(0.2, 0.1, 0.3)]
    assert [(s.cut_low, s.cut_high) for s in (strip_for(r, one_sided) for r in one_sided)] == [
        (False, True), (False, False)
    ]  # fmt: skip


def test_without_an_interval_or_an_estimate():
    assert strip_for(row(math.nan), [row(math.nan)]) is None
    assert strip_for(row(1.0), [row(1.0)]).low is None
    assert strip_for(row(0.0, margin=math.nan), [row(0.0, margin=math.nan)]).margin is None


@pytest.mark.parametrize("size", [0.003, 0.4, 7.0, 250.0])
def test_ticks_are_few_round_and_inside(size):
    strip = strip_for(row(size, margin=size / 3), [row(size, margin=size / 3)])
    assert 3 <= len(strip.ticks) <= 7
    assert [label for _, label in strip.ticks].count("0") == 1
    assert all(0 <= x <= WIDTH for x, _ in strip.ticks)
