import os
import subprocess
import sys
import time

import pytest

from moco_bench.measure import load
from moco_bench.measure.load import LoadSample, foreign_load, sample_load, steadiness


def test_the_share_is_arithmetic():
    start = LoadSample(wall=0, machine_busy=100, own=10, cores=2)

    assert foreign_load(start, LoadSample(wall=10, machine_busy=115, own=20, cores=2)) == pytest.approx(0.25)
    assert foreign_load(start, LoadSample(wall=10, machine_busy=110, own=20, cores=2)) == 0
    assert foreign_load(start, LoadSample(wall=10, machine_busy=200, own=10, cores=2)) == 1


def test_a_rival_on_the_only_core_is_half_of_what_there_was():
    """Of 64 cores he has 0.8 %, whoever was held to his one had half of it taken away."""
    start = LoadSample(wall=0, machine_busy=0, own=0, cores=1)
    assert foreign_load(start, LoadSample(wall=10, machine_busy=10, own=5, cores=1)) == pytest.approx(0.5)


def test_cores_that_came_later_were_not_there_all_the_time():
    start = LoadSample(wall=0, machine_busy=0, own=0, cores=1)
    assert foreign_load(start, LoadSample(wall=10, machine_busy=1, own=0, cores=64)) == pytest.approx(0.1)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="a system without affinities")
def test_cores_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5})
    monkeypatch.setattr(load.psutil, "cpu_count", lambda: 64)
    assert 0 < sample_load().cores <= 1


def test_steadiness_is_a_ratio_of_quartiles():
    assert steadiness([1.0, 1.0, 2.0]) is None
    assert steadiness([2.0] * 9) == 1.0
    assert steadiness([1.0, 2.0, 3.0, 4.0, 5.0]) == 2.0


@pytest.mark.alone
@pytest.mark.slow
def test_a_busy_neighbour_is_noticed():
    neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(0.2)
        start = sample_load()
        time.sleep(1.0)
        load = foreign_load(start, sample_load())
    finally:
        neighbour.kill()
        neighbour.wait()

    assert load > 0.3 / start.cores
