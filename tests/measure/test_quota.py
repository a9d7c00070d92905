"""Control groups of both versions, pretended as files."""

import os
from pathlib import Path

import psutil
import pytest

from moco_bench.measure.machine import describe_machine
from moco_bench.measure.quota import control_groups, quota_seconds, usable_cores, usable_memory

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="control groups are Linux's")


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))


def group(folder: Path, **files: str) -> None:
    """Files of a group; `cpu_max` is `cpu.max`, its first underscore a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_", ".", 1)).write_text(content + "\n")


def member(folder: Path, *lines: str) -> Path:
    path = folder / "cgroup"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_without_groups_all_allowed_cores_may_be_used(tmp_path):
    assert usable_cores(tmp_path, tmp_path / "none") == 8
    assert quota_seconds(tmp_path, tmp_path / "none") is None


@pytest.mark.parametrize(
    ("limit", "cores"), [("max 100000", 8), ("150000 100000", 1.5), ("1600000 100000", 8), ("", 8), ("x y z", 8)]
)
def test_a_quota_of_version_2_limits_the_cores(tmp_path, limit, cores):
    group(tmp_path / "fs/cgroup", cpu_max=limit)
    assert usable_cores(tmp_path, member(tmp_path, "0::/")) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", 8), ("50000", 0.5)])
@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_a_quota_of_version_1_limits_the_cores(tmp_path, quota, cores, mount):
    group(tmp_path / "fs/cgroup" / mount / "job", cpu_cfs_quota_us=quota, cpu_cfs_period_us="100000")
    assert usable_cores(tmp_path, member(tmp_path, "4:cpu,cpuacct:/job", "3:cpuset:/", "0::/")) == cores


def test_the_tightest_group_around_the_process_counts_and_no_group_beside_it(tmp_path):
    root = tmp_path / "fs/cgroup"
    group(root / "slice", cpu_max="200000 100000", cpu_stat="nr_throttled 1\nthrottled_usec 500000")
    group(root / "slice/job", cpu_max="300000 100000", cpu_stat="usage_usec 9\nthrottled_usec 1000000")
    group(root / "slice/other", cpu_max="100000 100000", cpu_stat="throttled_usec 7000000")
    nested = member(tmp_path, "0::/slice/job")
    assert usable_cores(tmp_path, nested) == 2
    assert quota_seconds(tmp_path, nested) == 1.5


def test_a_container_that_shows_its_group_as_the_root_is_understood(tmp_path):
    group(tmp_path / "fs/cgroup", cpu_max="400000 100000", cpu_stat="throttled_usec 250000")
    for path in ("/docker/abc", "/../../docker/abc"):
        outside = member(tmp_path, f"0::{path}")
        assert usable_cores(tmp_path, outside) == 4
        assert quota_seconds(tmp_path, outside) == 0.25


def test_version_1_counts_nanoseconds_and_a_link_to_a_folder_is_counted_once(tmp_path):
    root = tmp_path / "fs/cgroup"
    group(root / "cpu,cpuacct", cpu_stat="nr_periods 4\nnr_throttled 2\nthrottled_time 2500000000")
    (root / "cpu").symlink_to("cpu,cpuacct")
    assert quota_seconds(tmp_path, member(tmp_path, "4:cpu,cpuacct:/", "0::/")) == 2.5


@pytest.mark.parametrize("limit", ["max", "9223372036854771712", "", "x"])
def test_without_a_limit_the_memory_is_the_machines(tmp_path, limit):
    group(tmp_path / "fs/cgroup", memory_max=limit)
    assert usable_memory(tmp_path, member(tmp_path, "0::/")) == psutil.virtual_memory().total


def test_a_limit_of_version_2_is_a_containers_memory(tmp_path):
    root = tmp_path / "fs/cgroup"
    group(root / "pod", memory_max=str(2**30))
    group(root / "pod/job", memory_max="max")
    group(root / "other", memory_max="4096")
    assert usable_memory(tmp_path, member(tmp_path, "0::/pod/job")) == 2**30
    assert usable_memory(tmp_path, member(tmp_path, "0::/")) == psutil.virtual_memory().total


def test_a_limit_of_version_1_is_a_containers_memory(tmp_path):
    root = tmp_path / "fs/cgroup/memory"
    root.mkdir(parents=True)
    (root / "memory.limit_in_bytes").write_text(f"{3 * 2**30}\n")
    # The kernel names the group as it is seen from outside of the container.
    assert usable_memory(tmp_path, member(tmp_path, "8:memory:/docker/0123", "0::/")) == 3 * 2**30


def test_where_both_versions_are_mounted_the_group_with_the_controller_comes_last(tmp_path):
    root = tmp_path / "fs/cgroup"
    for line in ("8:memory:/job", "0::/", "12:memory:/job"):
        found = control_groups("memory", tmp_path, member(tmp_path, line, "0::/"))
        assert found[-1] == (root / "unified" if line == "0::/" else root / "memory/job")


def test_the_machine_is_described_with_the_memory_that_a_run_may_have(monkeypatch):
    monkeypatch.setattr("moco_bench.measure.machine.usable_memory", lambda: 3 * 2**30)
    assert describe_machine()["memory_gib"] == 3.0
