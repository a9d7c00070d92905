import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from moco_bench.measure import surroundings
from moco_bench.measure.surroundings import begin_watch, busiest_since, since


def system(folder: Path, throttled: int, quota_us: int) -> Path:
    counters = folder / "devices/system/cpu/cpu0/thermal_throttle"
    counters.mkdir(parents=True, exist_ok=True)
    (counters / "core_throttle_count").write_text(f"{throttled}\n")
    group = folder / "fs/cgroup"
    group.mkdir(parents=True, exist_ok=True)
    (group / "cpu.stat").write_text(f"usage_usec 1\nthrottled_usec {quota_us}\n")
    return folder


def test_heat_and_quota_are_seen(tmp_path):
    watch = begin_watch(system(tmp_path, 3, 1_000_000))
    found = since(watch, system(tmp_path, 5, 3_500_000))
    assert found["thermal_throttling"] == 2
    assert found["quota_seconds"] == 2.5


@pytest.mark.parametrize(
    ("throttled", "quota_us", "alone"),
    [(3, 1_000_000, True), (4, 1_000_000, False), (3, 1_200_000, False)],
    ids=["neither", "heat", "quota"],
)
def test_what_slowed_this_process_down_takes_exclusiveness_away(tmp_path, monkeypatch, throttled, quota_us, alone):
    monkeypatch.setattr(surroundings, "foreign_load", lambda start, end: 0.0)
    watch = begin_watch(system(tmp_path, 3, 1_000_000))
    assert since(watch, system(tmp_path, throttled, quota_us))["exclusive"] is alone


def test_what_a_platform_does_not_say_is_none(tmp_path):
    found = since(begin_watch(tmp_path), tmp_path)
    assert found["thermal_throttling"] is None
    assert found["quota_seconds"] is None
    assert 0 <= found["foreign_load"] <= 1
    assert found["exclusive"] == (found["foreign_load"] < 0.05)


@pytest.mark.alone
@pytest.mark.slow
def test_a_busy_neighbour_is_named(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    ) as neighbour:
        try:
            assert neighbour.stdout is not None
            neighbour.stdout.readline()
            watch = begin_watch(tmp_path)
            spent = psutil.Process(neighbour.pid).cpu_times
            used = spent().user
            # What counts is the time it was given, not the time that passed: a busy machine gives it little.
            while spent().user < used + 0.4:
                time.sleep(0.05)
            found = since(watch, tmp_path)
        finally:
            neighbour.kill()
    assert any("python" in other["name"] for other in found["neighbours"])
    assert len(found["neighbours"]) <= 3


def test_a_worker_that_changes_its_name_is_one_process():
    before = {(7, 1.0): ("kworker/0:1-events", 50.0)}
    after = {(7, 1.0): ("kworker/0:1-freezable", 50.2), (8, 3.0): ("python", 0.5)}
    assert busiest_since(before, after, 1.0) == [
        ("python", pytest.approx(0.5)),
        ("kworker/0:1-freezable", pytest.approx(0.2)),
    ]


def test_a_number_that_is_used_again_is_another_process():
    before = {(7, 1.0): ("python", 50.0)}
    assert busiest_since(before, {(7, 9.0): ("python", 0.5)}, 1.0) == [("python", 0.5)]


def test_this_process_is_no_neighbour_of_its_own():
    assert busiest_since({}, {(os.getpid(), 1.0): ("python", 5.0)}, 1.0) == []
