from dataclasses import replace

import pytest
import torch

from moco_bench.profile import timing
from moco_bench.profile.files import write_csv
from moco_bench.profile.parts import DATA_WAIT, PARTS
from moco_bench.profile.run import _ceilings
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import clock_overhead, time_rows
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


def test_medians_of_rounds_and_ratios_within_them():
    """The second round is three times slower for both arms: times spread, the ratio doesn't."""
    samples = [
        sample(arm, repeat, number, STEP, factor * base * (1 + 0.1 * (number == 0)))
        for arm, factor in (("vanilla", 1.0), ("filter", 1.5))
        for repeat, base in enumerate((10.0, 30.0, 11.0))
        for number in range(3)
    ]
    vanilla, filtered = time_rows(samples, {"vanilla": 64, "filter": 64}, "vanilla")
    assert vanilla["median_ms"] == 11.0
    assert (vanilla["q1"], vanilla["q3"]) == (10.5, 20.5)
    assert vanilla["images_per_second"] == pytest.approx(64 / 0.011)
    assert (filtered["ratio"], filtered["ratio_q1"], filtered["ratio_q3"]) == (1.5, 1.5, 1.5)
    assert filtered["rounds"] == 3


def test_a_slow_machine_cancels_out_of_the_time_in_references():
    samples = [
        Sample("vanilla", repeat, number, STEP, slow * 60.0 * (1 + number), 0.0, slow * 20.0, None)
        for repeat, slow in enumerate((1.0, 1.3, 2.0, 1.1))
        for number in range(2)
    ]
    (row,) = time_rows(samples, {"vanilla": 8}, "vanilla")
    assert row["in_references"] == row["in_references_q1"] == row["in_references_q3"] == pytest.approx(3.0)
    assert row["median_ms"] == pytest.approx(72.0)


def test_a_round_is_worth_its_fastest_step():
    """What disturbs a step makes it longer. Of divided steps the fastest is taken whole: its parts are those of one."""
    samples = [
        sample("vanilla", repeat, number, part, milliseconds)
        for repeat in range(3)
        for number, parts in enumerate(
            ({STEP: 9.0, "loss": 2.0, "backward": 8.0}, {STEP: 7.0, "loss": 4.0, "backward": 3.0})
        )
        for part, milliseconds in parts.items()
    ]
    times = {row["part"]: row["median_ms"] for row in time_rows(samples, {"vanilla": 8}, "vanilla")}
    assert times == {STEP: 7.0, "loss": 4.0, "backward": 3.0}


def test_only_whole_steps_have_a_throughput():
    rows = time_rows(
        [sample("vanilla", 0, 0, STEP, 5.0), sample("vanilla", 0, 0, "loss", 1.0)], {"vanilla": 8}, "vanilla"
    )
    assert [row["images_per_second"] is None for row in rows] == [False, True]


def test_foreign_load_takes_exclusiveness_away():
    for load, exclusive in ((0.0, True), (0.2, False)):
        (row,) = time_rows([sample("vanilla", 0, 0, STEP, 5.0, load)], {"vanilla": 8}, "vanilla")
        assert row["exclusive"] is exclusive
        assert row["foreign_load"] == load


@pytest.mark.parametrize(
    ("references", "exclusive"),
    [((1.7, 1.75, 1.72, 1.71), True), ((1.7, 3.4, 1.7, 3.4), False), ((1.7, 3.4), True)],
    ids=["steady", "unsteady", "too few to say"],
)
def test_an_unsteady_reference_takes_exclusiveness_away(references, exclusive):
    """Nobody else was seen, and yet one and the same work took twice as long: a hypervisor, heat."""
    samples = [
        Sample("vanilla", repeat, 0, STEP, 5.0, 0.0, reference, None) for repeat, reference in enumerate(references)
    ]
    (row,) = time_rows(samples, {"vanilla": 8}, "vanilla")
    assert row["exclusive"] is exclusive
    assert (row["reference_spread"] is None) is (len(references) < 4)


def test_a_shared_device_takes_exclusiveness_away():
    samples = [sample("vanilla", repeat, 0, STEP, 5.0) for repeat in range(4)]
    for shared in (False, True):
        (row,) = time_rows(samples, {"vanilla": 8}, "vanilla", hindered=shared)
        assert row["exclusive"] is not shared


def test_an_arm_without_its_baseline_has_no_ratio():
    (row,) = time_rows([sample("filter", 0, 0, STEP, 5.0)], {"filter": 8}, "vanilla")
    assert row["ratio"] is None


def test_the_clocks_own_cost_is_measured():
    samples = []
    for number in range(5):
        samples += [sample("vanilla", 0, number, part, 1.0) for part in PARTS]
        samples.append(sample("vanilla", 0, number, STEP, len(PARTS) / 1.1))
    assert clock_overhead(samples) == pytest.approx(0.1)
    assert clock_overhead([]) is None


def test_tables_say_nothing_where_nothing_is_known(tmp_path):
    write_csv(tmp_path / "a.csv", [{"x": 1.5, "y": None, "z": True}])
    assert (tmp_path / "a.csv").read_text() == "x,y,z\n1.5,,true\n"
    write_csv(tmp_path / "b.csv", [])
    assert not (tmp_path / "b.csv").exists()
