import time

import pytest

from moco_bench.measure.laps import Laps


def test_parts_that_sleep_a_known_time():
    laps = Laps()
    for part, seconds in (("short", 0.02), ("long", 0.06), ("short", 0.02)):
        laps(part)
        time.sleep(seconds)
    found = laps.stop()
    assert list(found) == ["short", "long"]
    # A sleep may last longer than asked for on a busy machine, never shorter.
    assert 0.04 <= found["short"] < 0.04 + 0.05
    assert 0.06 <= found["long"] < 0.06 + 0.05


def test_the_parts_are_the_whole():
    laps = Laps()
    began = time.perf_counter()
    laps("one")
    laps("two")
    time.sleep(0.01)
    found = laps.stop()
    assert sum(found.values()) == pytest.approx(time.perf_counter() - began, abs=0.005)


def test_the_device_is_waited_for_before_the_clock_is_read():
    asked = []
    laps = Laps(lambda: asked.append(time.sleep(0.01)))
    laps("one")
    laps.stop()
    assert len(asked) == 2
    assert laps.seconds["one"] >= 0.01


def test_what_comes_after_the_end_belongs_to_no_part():
    laps = Laps()
    laps("one")
    first = dict(laps.stop())
    time.sleep(0.01)
    assert laps.stop() == first
