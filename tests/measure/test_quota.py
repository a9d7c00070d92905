"""Control groups of both versions, pretended as files."""

import os
from pathlib import Path

import pytest

from moco_bench.measure.quota import quota_seconds, usable_cores

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
