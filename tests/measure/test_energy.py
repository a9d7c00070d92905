from pathlib import Path

import torch

from moco_bench.measure.energy import EnergySample, joules_between, sample_energy

CPU = torch.device("cpu")


def zone(folder: Path, name: str, joules: float, wraps_at: float = 1000.0, says: str = "package-0") -> None:
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "name").write_text(f"{says}\n")
    (path / "energy_uj").write_text(f"{int(joules * 1e6)}\n")
    (path / "max_energy_range_uj").write_text(f"{int(wraps_at * 1e6)}\n")


def test_packages_add_up_and_their_parts_do_not_count_twice(tmp_path):
    for name, joules in (("intel-rapl:0", 10.0), ("intel-rapl:1", 20.0), ("intel-rapl:0:0", 5.0)):
        zone(tmp_path, name, joules, says="core" if name.count(":") == 2 else "package-0")
    start = sample_energy(CPU, tmp_path)
    for name, joules in (("intel-rapl:0", 12.0), ("intel-rapl:1", 21.5), ("intel-rapl:0:0", 6.0)):
        zone(tmp_path, name, joules, says="core" if name.count(":") == 2 else "package-0")
    assert joules_between(start, sample_energy(CPU, tmp_path)) == 3.5


def test_the_whole_platform_is_no_package(tmp_path):
    for joules in (10.0, 15.0):
        zone(tmp_path, "intel-rapl:0", joules)
        zone(tmp_path, "intel-rapl:1", 2 * joules, says="psys")
        if joules == 10.0:
            start = sample_energy(CPU, tmp_path)
    assert joules_between(start, sample_energy(CPU, tmp_path)) == 5.0


def test_a_counter_that_starts_again_from_zero(tmp_path):
    zone(tmp_path, "intel-rapl:0", 990.0)
    start = sample_energy(CPU, tmp_path)
    zone(tmp_path, "intel-rapl:0", 15.0)
    assert joules_between(start, sample_energy(CPU, tmp_path)) == 25.0


def test_where_nothing_can_be_read_nothing_is_said(tmp_path):
    (tmp_path / "intel-rapl:0").mkdir()  # a zone without the right to read it
    sample = sample_energy(CPU, tmp_path)
    assert sample == EnergySample(None, None)
    assert joules_between(sample, sample) is None


def test_a_device_counts_beside_the_packages():
    start = EnergySample({"package": (1.0, 100.0)}, 5.0)
    assert joules_between(start, EnergySample({"package": (3.0, 100.0)}, 9.0)) == 6.0
    assert joules_between(start, EnergySample(None, 9.0)) == 4.0
