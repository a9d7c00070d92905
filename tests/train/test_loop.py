"""How the loop ends: killed, diverged, or failed on another rank; and losses that are read late."""

import sys
from itertools import chain, repeat

import pytest

from moco_bench.errors import Interrupted
from moco_bench.train import loop
from moco_bench.train.pretrain import pretrain
from moco_bench.train.world import World


class Killed(BaseException):
    """Nothing catches it and nothing tidies up after it, as after SIGKILL."""


def test_a_killed_attempt_leaves_its_time_and_load_in_the_checkpoint(make_run, dataset, tmp_path):
    def kill_in_second_epoch(row):
        if row["epoch"] == 2:
            raise Killed

    run = make_run({"train": {"checkpoint_seconds": 0.0}})
    with pytest.raises(Killed):
        pretrain(run, dataset, tmp_path, on_epoch=kill_in_second_epoch)
    resumed = pretrain(run, dataset, tmp_path).state.progress

    assert len(resumed.foreign_load) == 2
    assert all(seconds > 0 for seconds, _ in resumed.foreign_load)
    assert len(resumed.times.counted) + len(resumed.times.warmup) == resumed.step
    assert resumed.times.train_seconds == pytest.approx(sum(row["seconds"] for row in resumed.history))


def test_losses_that_are_read_late_are_the_same(make_run, dataset, tmp_path, monkeypatch):
    run = make_run({"contrast": {"dual_view": "key-in-batch", "negatives": {"rule": "hardest", "fraction": 0.25}}})
    at_once = pretrain(run, dataset, tmp_path / "a")
    monkeypatch.setitem(loop.UNREAD, "cpu", 4)
    late = tmp_path / "late"
    with pytest.raises(Interrupted):
        pretrain(run, dataset, late, stop_requested=chain([False] * 8, repeat(True)).__next__)
    resumed = pretrain(run, dataset, late)

    measured = ("seconds", "images_per_second")
    rows = [
        [{name: value for name, value in row.items() if name not in measured} for row in p.state.progress.history]
        for p in (at_once, resumed)
    ]
    assert rows[0] == rows[1]
    assert len(resumed.state.progress.times.counted) + len(resumed.state.progress.times.warmup) == 12


def test_a_run_that_diverges_far_ahead_of_its_losses_has_failed(make_run, dataset, tmp_path, monkeypatch):
    reasons = []
    for unread in (1, 4):
        monkeypatch.setitem(loop.UNREAD, "cpu", unread)
        monkeypatch.setattr(loop, "learning_rate_at", lambda step, **settings: float("nan") if step == 1 else 0.1)
        reasons.append(pretrain(make_run(), dataset, tmp_path / str(unread)).reason)
    assert reasons == ["diverged: the training loss was not finite at step 2"] * 2


def test_a_run_fails_on_all_ranks_where_it_fails_on_one(make_run, dataset, tmp_path, monkeypatch):
    """The others would wait for it for hours. Here another rank is pretended, which fails at the third step."""
    asked = iter([False, False, True])

    def any_rank(self, flag):
        return flag or (sys._getframe(1).f_code.co_name == "_end_together" and next(asked, False))

    monkeypatch.setattr(World, "any", any_rank)

    assert pretrain(make_run({}), dataset, tmp_path).reason == "another rank failed before step 3"
