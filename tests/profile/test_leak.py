"""Leaks are found, and nothing else is called one."""

import pytest
import torch

from moco_bench.profile.leak import growth_per_step, leak_rows, leak_verdicts
from moco_bench.profile.stepper import Stepper

KIB = 1024


def quiet(line: str) -> None:
    pass


def test_no_arm_leaks(make_runs, dataset):
    verdicts = leak_verdicts(leak_rows(make_runs("vanilla", "filter"), dataset, "cpu", 40, quiet))
    assert [verdict["leaks"] for verdict in verdicts] == [False, False]
    assert [verdict["steps"] for verdict in verdicts] == [40, 40]


def test_a_planted_leak_is_found(make_runs, dataset, monkeypatch):
    kept = []
    step = Stepper.step

    def leaking(self, *marks):
        kept.append(torch.ones(16 * KIB // 4))
        step(self, *marks)

    monkeypatch.setattr(Stepper, "step", leaking)
    (verdict,) = leak_verdicts(leak_rows(make_runs("vanilla"), dataset, "cpu", 40, quiet))
    assert verdict["leaks"]
    assert verdict["kib_per_step"] == pytest.approx(16, rel=0.2)


def test_a_planted_leak_of_small_objects_is_found(make_runs, dataset, monkeypatch):
    """They lie in arenas of Python's own: malloc's counters see nothing of them."""
    kept = []
    step = Stepper.step

    def leaking(self, *marks):
        kept.extend((self._step * 1000.5, number) for number in range(128))
        step(self, *marks)

    monkeypatch.setattr(Stepper, "step", leaking)
    (verdict,) = leak_verdicts(leak_rows(make_runs("vanilla"), dataset, "cpu", 60, quiet))
    assert verdict["leaks"]
    assert verdict["python_blocks_per_step"] == pytest.approx(256, rel=0.1)  # a tuple and a number each
    assert 8 < verdict["kib_per_step"] < 32


def test_single_readings_and_a_warm_up_are_no_growth():
    steps = list(range(50))
    assert growth_per_step(steps, [100.0 + 50 * (step % 10 == 3) for step in steps]) == 0
    assert growth_per_step(steps, [min(step, 9) for step in steps]) == 0
    assert growth_per_step(steps, [3.0 + 0.25 * step for step in steps]) == pytest.approx(0.25)
    assert growth_per_step([1], [5.0]) == 0
