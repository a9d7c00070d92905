"""The progress of a run, as it is written beside its checkpoints."""

import pytest

from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand
from moco_bench.train.pulse import SILENCE, Pulse, read_sign

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
def runs():
    return expand(parse_suite(SUITE, "grid"))


def beat(run, results, epoch, seconds=6.0):
    checkpoints = run.checkpoints(results)
    checkpoints.mkdir(parents=True, exist_ok=True)
    Pulse(checkpoints, run.fingerprint, 40).beat({"epoch": epoch, "seconds": seconds})
    return checkpoints / "progress.json"


def test_the_word_of_other_settings_is_not_heard(runs, tmp_path):
    path = beat(runs[0], tmp_path, 10)
    checkpoints = runs[0].checkpoints(tmp_path)

    assert read_sign(checkpoints, runs[0].fingerprint).epoch == 10
    assert read_sign(checkpoints, runs[1].fingerprint) is None
    path.write_text("{")
    assert read_sign(checkpoints, runs[0].fingerprint) is None


def test_what_is_left_is_told_by_the_last_epochs_time(runs, tmp_path):
    beat(runs[0], tmp_path, 10, seconds=6.0)
    sign = read_sign(runs[0].checkpoints(tmp_path), runs[0].fingerprint)
    assert (sign.epoch, sign.epochs, sign.seconds_left) == (10, 40, 180.0)


@pytest.mark.parametrize(("silent", "alive"), [(0.0, True), (SILENCE + 17, True), (SILENCE + 19, False)])
def test_a_run_is_alive_for_three_epochs_more_than_it_may_be_silent(runs, tmp_path, silent, alive):
    written = beat(runs[0], tmp_path, 10, seconds=6.0).stat().st_mtime
    assert read_sign(runs[0].checkpoints(tmp_path), runs[0].fingerprint, written + silent).alive is alive


def test_quick_epochs_are_not_all_written_but_the_last_is(tmp_path):
    pulse = Pulse(tmp_path, "f", 40)
    for epoch in (1, 2, 3):
        pulse.beat({"epoch": epoch, "seconds": 0.1})
    assert read_sign(tmp_path, "f").epoch == 1
    pulse.beat({"epoch": 40, "seconds": 0.1})
    assert read_sign(tmp_path, "f").epoch == 40


def test_a_disk_that_fails_stops_no_run(tmp_path):
    Pulse(tmp_path / "absent", "f", 40).beat({"epoch": 1, "seconds": 0.1})
    assert read_sign(tmp_path / "absent", "f") is None
