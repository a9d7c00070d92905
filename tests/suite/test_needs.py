"""What runs take is told from finished ones of their arm, or else of their data set and encoder."""

import pytest

from moco_bench.files import write_json
from moco_bench.suite import needs
from moco_bench.suite.load import parse_suite
from moco_bench.suite.needs import MEM_MB, MINUTES, Taken, gpus_here, hours_left, hours_of_search, taken_by
from moco_bench.suite.plan import PlannedRun
from moco_bench.suite.profiled import StepTimes
from moco_bench.suite.runs import expand
from moco_bench.suite.tune import candidates

SUITE = {
    "name": "grid",
    "dataset": "digits",
    "encoder": "resnet-compact",
    "train": {"batch_size": 64, "epochs": 40},
    "contrast": {"queue_size": 256},
    "seeds": 2,
    "arms": {"vanilla": None, "dual": {"contrast": {"dual_view": "key-in-batch"}}},
}


@pytest.fixture
def planned(tmp_path):
    """The first run of `vanilla` took two hours and 2,000 MiB; the others are new."""
    runs = expand(parse_suite(SUITE, "grid"))
    directory = runs[0].directory(tmp_path)
    write_json(directory / "resources.json", {"train_seconds": 7200.0, "peak_memory_mib": 2000.0})
    write_json(directory / "run.json", {"epochs": 40})
    return [PlannedRun(run, state, "") for run, state in zip(runs, ["done", "new", "new", "new"], strict=True)]


def test_hours_left(planned, tmp_path):
    assert hours_left(taken_by(planned, tmp_path), planned) == (pytest.approx(6.0), 0, 0)
    assert hours_left(taken_by(planned[1:], tmp_path), planned[1:]) == (0.0, 0, 3)
    assert hours_left(taken_by(planned, tmp_path), planned[:1]) == (0.0, 0, 0)


def test_candidates_of_a_search_take_the_time_of_their_part_of_the_images(planned, tmp_path):
    """An epoch of `vanilla` takes three minutes; a candidate's has four fifths of the images."""
    rates = [0.03, 0.06, 0.12]
    trials = candidates(parse_suite({**SUITE, "tune": {"train.learning_rate": rates}}, "grid"))
    hours = 40 * 0.8 / 20
    searched = hours_of_search(taken_by(planned, tmp_path), trials, tmp_path)
    assert searched == (pytest.approx(6 * hours), 0, 0)
    assert hours_of_search(Taken(), trials, tmp_path) == (0.0, 0, 6)

    profile = StepTimes({("digits", "resnet-compact", "vanilla"): 9.0}, "a processor")
    by_profile = hours_of_search(Taken(), trials, tmp_path, profile)
    assert by_profile == (pytest.approx(3 * 0.8 * 9.0 * 22 * 40 / 3600), 3, 3)


def test_finished_candidates_tell_what_runs_take(planned, tmp_path, monkeypatch):
    trials = candidates(parse_suite({**SUITE, "tune": {"train.learning_rate": [0.03, 0.06, 0.12]}}, "grid"))
    first = trials[0].run
    write_json(first.directory(tmp_path) / "resources.json", {"train_seconds": 1600.0})
    write_json(first.directory(tmp_path) / "run.json", {"epochs": 40})
    monkeypatch.setattr(needs, "plan_run", lambda run, _: PlannedRun(run, "done" if run == first else "new", ""))
    taken = taken_by(planned[1:], tmp_path, trials)
    assert taken.seconds(planned[1].run) == pytest.approx(2000)
    assert hours_of_search(taken, trials, tmp_path).hours == pytest.approx(5 * 1600 / 3600)


def test_what_no_finished_run_tells_the_profile_does(planned, tmp_path):
    """Digits have 1,438 training images, which is 22 batches of 64; a manifest knows better."""
    profile = StepTimes({("digits", "resnet-compact", "vanilla"): 9.0}, "a processor")
    epoch = 9.0 * 22

    assert hours_left(Taken(), planned, profile) == (pytest.approx(epoch * 40 / 3600), 1, 2)
    assert hours_left(Taken(), planned, profile, {"digits": 640}).hours == pytest.approx(9.0 * 10 * 40 / 3600)
    assert hours_left(taken_by(planned, tmp_path), planned, profile) == (pytest.approx(6.0), 0, 0)


def test_a_second_attempt_asks_for_twice_the_memory_and_no_more_time(planned, tmp_path):
    taken, run = taken_by(planned, tmp_path), planned[3].run

    assert [taken.mem_mb(run, attempt) for attempt in (1, 2, 10)] == [3500, 7000, 7000]
    assert taken.minutes(run) == 210
    assert [Taken().mem_mb(run, attempt) for attempt in (1, 2, 10)] == [MEM_MB, 2 * MEM_MB, 2 * MEM_MB]
    assert Taken().minutes(run) == MINUTES


def test_damaged_files_tell_nothing(planned, tmp_path):
    write_json(
        planned[0].run.directory(tmp_path) / "resources.json", {"train_seconds": "long", "peak_memory_mib": None}
    )

    assert taken_by(planned, tmp_path) == Taken()


def test_gpus_are_those_that_are_named_or_all_that_the_driver_lists(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus_here({}) == 0
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: card (UUID: GPU-1)'\necho 'GPU 1: card (UUID: GPU-2)'\necho '  MIG'\n")
    tool.chmod(0o755)
    assert gpus_here({}) == 2
    assert gpus_here({"CUDA_VISIBLE_DEVICES": "0,2,GPU-7"}) == 3
    assert gpus_here({"CUDA_VISIBLE_DEVICES": "-1"}) == 0
    tool.write_text("#!/bin/sh\necho broken >&2\nexit 9\n")
    assert gpus_here({}) == 0
