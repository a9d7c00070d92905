from dataclasses import replace

import torch

from moco_bench.profile import timing
from moco_bench.profile.parts import DATA_WAIT, PARTS
from moco_bench.profile.run import _ceilings
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.timing import STEP, Sample, rotated, time_steps


def sample(arm: str, repeat: int, number: int, part: str, milliseconds: float, load: float = 0.0) -> Sample:
    return Sample(arm, repeat, number, part, milliseconds, load, 1.0, None)


def test_arms_take_turns_and_another_one_begins_each_round(make_runs, dataset, monkeypatch):
    steppers = {arm: Stepper(run, dataset) for arm, run in make_runs("vanilla", "dual", "filter").items()}
    turns = []
    monkeypatch.setattr(timing, "_turn", lambda arm, *rest: turns.append(arm) or [])
    time_steps(steppers, repeats=3, steps=1, warmup_steps=1)
    assert turns == ["vanilla", "dual", "filter", "dual", "filter", "vanilla", "filter", "vanilla", "dual"]


def test_rotation_loses_nobody():
    assert rotated("abc", 4) == ["b", "c", "a"]
    assert rotated(["a"], 7) == ["a"]


def test_every_step_is_a_sample_and_so_is_every_part(make_runs, dataset):
    steppers = {arm: Stepper(run, dataset) for arm, run in make_runs("vanilla", "symmetric").items()}
    samples = time_steps(steppers, repeats=2, steps=3, warmup_steps=1)
    made = {STEP, *PARTS} - {DATA_WAIT}  # nothing waits for images that are in memory
    assert len(samples) == 2 * 2 * 3 * len(made)
    assert all(sample.milliseconds > 0 for sample in samples)
    assert {sample.part for sample in samples} == made
    assert all(stepper._step == 2 * (1 + 2 * 3) for stepper in steppers.values())


def test_warm_up_is_over_before_energy_is_read(make_runs, dataset, monkeypatch):
    """On CUDA a step returns before it is done: what is still under way would be charged to the steps that count."""
    (stepper,) = (Stepper(run, dataset) for run in make_runs("vanilla").values())
    calls, step = [], stepper.step
    monkeypatch.setattr(stepper, "step", lambda *marks: (calls.append("step"), step(*marks)))
    monkeypatch.setattr(stepper, "synchronise", lambda: calls.append("wait"))
    monkeypatch.setattr(timing, "sample_energy", lambda device: calls.append("energy"))
    monkeypatch.setattr(timing, "joules_between", lambda start, end: None)
    time_steps({"vanilla": stepper}, repeats=1, steps=1, warmup_steps=2)
    first = calls.index("energy")
    assert calls[:first].count("step") == 2
    assert calls[first - 1] == calls[-2] == "wait"
    assert calls[-1] == "energy"


def test_each_arm_is_timed_on_its_own_threads(make_runs, dataset, monkeypatch):
    """PyTorch's number of threads is the process's, and the last stepper that was made has set it."""
    before, used = torch.get_num_threads(), set()
    runs = make_runs("vanilla", "dual")
    runs["dual"] = replace(runs["dual"], train=runs["dual"].train.model_copy(update={"threads": 2}))
    steppers = {arm: Stepper(runs[arm], dataset) for arm in ("dual", "vanilla")}
    whole_step, milliseconds = timing.whole_step, timing.ReferenceWork.milliseconds
    monkeypatch.setattr(
        timing, "whole_step", lambda own: used.add((own.run.arm, torch.get_num_threads())) or whole_step(own)
    )
    monkeypatch.setattr(
        timing.ReferenceWork,
        "milliseconds",
        lambda work: used.add(("reference", torch.get_num_threads())) or milliseconds(work),
    )
    try:
        time_steps(steppers, repeats=1, steps=1, warmup_steps=0)
        assert used == {("dual", 2), ("vanilla", 1), ("reference", 2), ("reference", 1)}
        assert set(_ceilings(steppers.values())) == {("float32", 1), ("float32", 2)}
    finally:
        torch.set_num_threads(before)
