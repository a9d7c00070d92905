import subprocess
import sys
from pathlib import Path

import pytest
import torch

from moco_bench.measure.ceiling import measure_ceiling
from moco_bench.measure.surroundings import begin_watch, reference_milliseconds, since


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


def test_what_a_platform_does_not_say_is_none(tmp_path):
    found = since(begin_watch(tmp_path), tmp_path)
    assert found["thermal_throttling"] is None
    assert found["quota_seconds"] is None
    assert 0 <= found["foreign_load"] <= 1
    assert found["exclusive"] == (found["foreign_load"] < 0.05)


@pytest.mark.slow
def test_a_busy_neighbour_is_named(tmp_path):
    watch = begin_watch(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as neighbour:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                neighbour.wait(0.4)
            found = since(watch, tmp_path)
        finally:
            neighbour.kill()
    assert any("python" in other["name"] for other in found["neighbours"])
    assert len(found["neighbours"]) <= 3


def test_the_reference_takes_time():
    assert reference_milliseconds() > 0


@pytest.mark.slow
def test_the_ceiling_is_positive_and_names_its_precision():
    ceiling = measure_ceiling(torch.device("cpu"), "float32", torch.float32)
    assert ceiling.flops > 1e8
    assert ceiling.bytes > 1e8
    assert ceiling.precision == "float32"
