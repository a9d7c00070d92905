"""What a whole run promises: equal bits for equal requests, through any interruption, and never a look at a label."""

import dataclasses
import itertools
import json
import weakref
from types import SimpleNamespace

import pytest
import torch

from moco_bench.data.datasets import Split
from moco_bench.errors import InputError, Interrupted, RanksDisagree
from moco_bench.evaluate.on_the_way import knn_on_the_way
from moco_bench.measure import stopwatch
from moco_bench.measure.process import PeakMemory
from moco_bench.train import pretrain as pretrain_module
from moco_bench.train.loop import Trainer
from moco_bench.train.pretrain import pretrain, write_results
from moco_bench.train.state import hash_of_weights
from moco_bench.train.world import World

ARMS = {
    "vanilla": {},
    "dual": {"dual_view": "key-in-batch"},
    "filter": {"negatives": {"rule": "hardest", "fraction": 0.25}, "filter_warmup_steps": 3},
    "both": {"dual_view": "key-in-batch", "negatives": {"rule": "hardest", "fraction": 0.25}},
    "random": {"negatives": {"rule": "random"}},
    "symmetric": {"dual_view": "symmetric"},
    "both-views": {"dual_view": "symmetric", "enqueue": "both-views"},
    "query-queue": {"dual_view": "query-queue"},
}


def stop_after(steps):
    """A `stop_requested` that becomes true after so many calls, one a step."""
    calls = iter(range(steps))
    return lambda: next(calls, None) is None


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("groups", [1, 4])
def test_an_interrupted_run_ends_with_the_same_bits(arm, groups, make_run, dataset, tmp_path):
    run = make_run({"contrast": ARMS[arm], "encoder": {"batch_norm_groups": groups}})
    straight = pretrain(run, dataset, tmp_path / "straight")

    for steps in (4, 3):
        with pytest.raises(Interrupted):
            pretrain(run, dataset, tmp_path / "broken", stop_requested=stop_after(steps - 1))
    resumed = pretrain(run, dataset, tmp_path / "broken")

    assert [attempt["start_step"] for attempt in resumed.attempts] == [0, 4, 7]
    assert hash_of_weights(resumed.encoder) == hash_of_weights(straight.encoder)
    assert hash_of_weights(resumed.state.key_encoder) == hash_of_weights(straight.state.key_encoder)
    assert torch.equal(resumed.state.queue.keys, straight.state.queue.keys)
    timeless = [
        {k: v for k, v in row.items() if k not in ("seconds", "images_per_second")}
        for row in resumed.state.progress.history
    ]
    assert timeless == [{k: row[k] for k in timeless[0]} for row in straight.state.progress.history]
    assert resumed.state.progress.augment_hash.state == straight.state.progress.augment_hash.state
    assert resumed.state.progress.order_hash.state == straight.state.progress.order_hash.state


@pytest.mark.parametrize("schedule", ["cosine-step", "cosine-epoch"])
def test_a_run_that_stops_early_is_the_first_epochs_of_the_whole_one(schedule, make_run, dataset, tmp_path):
    whole = pretrain(make_run({"train": {"epochs": 3, "schedule": schedule}}), dataset, tmp_path / "whole")
    part = pretrain(
        make_run({"train": {"epochs": 3, "schedule": schedule, "stop_after_epochs": 2}}), dataset, tmp_path / "part"
    )
    keys = ("epoch", "train_loss", "learning_rate")
    first = [[row[key] for key in keys] for row in part.state.progress.history]
    assert first == [[row[key] for key in keys] for row in whole.state.progress.history[:2]]
    assert hash_of_weights(part.encoder) != hash_of_weights(whole.encoder)


def test_accuracy_on_the_way_is_a_curve_that_changes_nothing_and_survives_an_interruption(make_run, dataset, tmp_path):
    train = {"train": {"epochs": 4}}
    run = make_run({**train, "evaluate": {"every": 2, "knn_k": 5}})
    accuracy = knn_on_the_way(dataset, run.evaluate)
    plain = pretrain(make_run(train), dataset, tmp_path / "plain")
    straight = pretrain(run, dataset, tmp_path / "straight", accuracy=accuracy)
    with pytest.raises(Interrupted):
        pretrain(run, dataset, tmp_path / "broken", accuracy=accuracy, stop_requested=stop_after(10))
    resumed = pretrain(run, dataset, tmp_path / "broken", accuracy=accuracy)

    curves = [[row["knn_top1"] for row in each.state.progress.history] for each in (plain, straight, resumed)]
    assert curves[0] == [None] * 4
    assert [value is None for value in curves[1]] == [True, False, True, False]
    assert all(0 <= value <= 100 for value in curves[1][1::2])
    assert curves[2] == curves[1]
    assert len({hash_of_weights(each.encoder) for each in (plain, straight, resumed)}) == 1
    assert run.fingerprint == make_run(train).fingerprint


def test_accuracy_on_the_way_is_off_the_clock(make_run, dataset, tmp_path, monkeypatch):
    """A clock on which a look takes a millisecond, and an evaluation a thousand seconds of work."""
    ticks, evaluated = itertools.count(), []

    def now():
        return 0.001 * next(ticks) + 1000.0 * len(evaluated)

    def slow_accuracy(encoder):
        evaluated.append(encoder)
        return 50.0

    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(perf_counter=now, process_time=now))
    run = make_run({"train": {"epochs": 3}, "evaluate": {"every": 1, "knn_k": 5}})
    progress = pretrain(run, dataset, tmp_path, accuracy=slow_accuracy).state.progress
    assert [row["knn_top1"] for row in progress.history] == [50.0] * 3
    assert all(0 < row["seconds"] < 1 for row in progress.history)
    assert all(row["images_per_second"] > 96 for row in progress.history)
    assert progress.times.train_seconds < 3
    assert progress.times.paused == []


def test_a_run_belongs_to_the_analysis_that_was_declared_when_it_began(make_run, dataset, tmp_path):
    run = make_run()
    with pytest.raises(Interrupted):
        pretrain(run, dataset, tmp_path / "checkpoints", registered="before", stop_requested=stop_after(3))

    write_results(pretrain(run, dataset, tmp_path / "checkpoints", registered="after"), tmp_path)

    record = json.loads((tmp_path / "run.json").read_text())
    assert record["analysis_fingerprint"] == "before"
    assert [attempt["analysis_fingerprint"] for attempt in record["attempts"]] == ["before", "after"]


def test_all_arms_share_initialisation_order_and_augmentation(make_run, dataset, tmp_path):
    runs = {arm: pretrain(make_run({"contrast": changes}), dataset, tmp_path / arm) for arm, changes in ARMS.items()}

    for of in (
        lambda p: p.init_hash,
        lambda p: p.state.progress.order_hash.state,
        lambda p: p.state.progress.augment_hash.state,
    ):
        assert len({of(pretrained) for pretrained in runs.values()}) == 1
    assert len({hash_of_weights(pretrained.encoder) for pretrained in runs.values()}) == len(ARMS)


def test_the_hash_of_the_order_does_not_depend_on_the_batch_size(make_run, dataset, tmp_path):
    """The third leaves out an incomplete last batch of each epoch."""
    runs = [
        pretrain(make_run({"train": {"batch_size": size}, "contrast": {"queue_size": queue}}), dataset, tmp_path / name)
        for name, size, queue in (("a", 16, 64), ("b", 32, 64), ("c", 20, 60))
    ]
    assert len({run.state.progress.step for run in runs}) == 3
    assert len({run.state.progress.order_hash.state for run in runs}) == 1


def test_another_seed_shares_none_of_them(make_run, dataset, tmp_path):
    zero, one = (pretrain(make_run(seed=seed), dataset, tmp_path / str(seed)) for seed in (0, 1))

    assert zero.init_hash != one.init_hash
    assert zero.state.progress.order_hash.state != one.state.progress.order_hash.state
    assert zero.state.progress.augment_hash.state != one.state.progress.augment_hash.state


def test_a_resumed_run_holds_no_checkpoint_while_it_trains(make_run, dataset, tmp_path, monkeypatch):
    run, load, train, loaded, alive = make_run(), pretrain_module.load_checkpoint, Trainer.train, [], []
    with pytest.raises(Interrupted):
        pretrain(run, dataset, tmp_path, stop_requested=stop_after(3))

    def watched(*words):
        saved = load(*words)
        loaded.append(weakref.ref(saved["queue"]["keys"]))
        return saved

    monkeypatch.setattr(pretrain_module, "load_checkpoint", watched)
    monkeypatch.setattr(Trainer, "train", lambda self: alive.append(loaded[0]()) or train(self))
    assert pretrain(run, dataset, tmp_path).reason is None
    assert alive == [None]


def test_ranks_that_disagree_leave_nothing_that_a_retry_would_go_on_from(make_run, dataset, tmp_path):
    class BrokenMachine(World):
        def check_agreement(self, digest):
            raise RanksDisagree("the ranks hold different weights")

    run = make_run({"train": {"checkpoint_seconds": 0.0}})
    with pytest.raises(RanksDisagree):
        pretrain(run, dataset, tmp_path, world=BrokenMachine())
    assert {path.name for path in tmp_path.glob("*st.*")} == {"latest.disagreed"}
    assert {path.name for path in tmp_path.glob("prev*")} <= {"previous.disagreed"}

    again = pretrain(run, dataset, tmp_path)
    assert [attempt["start_step"] for attempt in again.attempts] == [0, 0]


def test_labels_never_reach_training(make_run, dataset, tmp_path):
    shuffled = Split(
        dataset.train.images, dataset.train.labels[torch.randperm(96, generator=torch.Generator().manual_seed(1))]
    )
    other = dataclasses.replace(dataset, train=shuffled)
    run = make_run({"contrast": ARMS["both"]})

    with_labels, without = pretrain(run, dataset, tmp_path / "a"), pretrain(run, other, tmp_path / "b")

    assert hash_of_weights(with_labels.encoder) == hash_of_weights(without.encoder)
    rates = [p.state.progress.history[-1]["false_negative_rate_kept"] for p in (with_labels, without)]
    assert rates[0] != rates[1]  # the labels did arrive where they are looked at


def test_a_filter_that_only_warms_up_is_vanilla(make_run, dataset, tmp_path):
    warming = make_run({"contrast": {"negatives": "hardest", "filter_warmup_steps": 1000}})

    assert hash_of_weights(pretrain(warming, dataset, tmp_path / "a").encoder) == hash_of_weights(
        pretrain(make_run(), dataset, tmp_path / "b").encoder
    )


def test_training_lowers_the_loss(make_run, dataset, tmp_path):
    history = pretrain(make_run({"train": {"epochs": 12}}), dataset, tmp_path).state.progress.history

    assert history[-1]["train_loss"] < history[1]["train_loss"]


def test_divergence_is_a_result(make_run, dataset, tmp_path):
    run = make_run({"train": {"learning_rate": 1000.0, "weight_decay": 10.0, "epochs": 4}})

    failed = pretrain(run, dataset, tmp_path / "checkpoints")
    write_results(failed, tmp_path / "run")

    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["status"] == "failed"
    assert record["reason"].startswith(("diverged", "collapsed"))
    # A relaunch finds the end it had come to, and doesn't train on.
    assert pretrain(run, dataset, tmp_path / "checkpoints").reason == failed.reason


def test_the_files_of_a_run(make_run, dataset, tmp_path):
    pretrained = pretrain(make_run(), dataset, tmp_path / "checkpoints")
    write_results(pretrained, tmp_path / "run")

    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "encoder.safetensors", "history.csv", "resources.json", "run.json"
    ]  # fmt: skip
    resources = json.loads((tmp_path / "run" / "resources.json").read_text())
    assert resources["images_per_second"] > 0
    assert resources["memory_source"] == "process rss"
    assert resources["peak_memory_mib"] > 50
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (record["status"], record["steps"], record["epochs"]) == ("done", 12, 2)
    assert record["precision"] == "float32"


def test_a_data_set_smaller_than_a_batch(make_run, dataset, tmp_path):
    run = make_run({"train": {"batch_size": 128}, "contrast": {"queue_size": 128}})

    with pytest.raises(InputError, match="128 is more than the 96 training images"):
        pretrain(run, dataset, tmp_path)


@pytest.mark.parametrize(("kind", "runs", "exclusive"), [("cuda", 1, True), ("cuda", 4, False), ("cpu", 4, True)])
def test_a_run_that_shares_its_card_is_not_exclusive(kind, runs, exclusive, make_run, dataset, tmp_path):
    pretrained = pretrain(make_run({"train": {"runs_per_gpu": runs}}), dataset, tmp_path)
    pretrained.state.progress.foreign_load[:] = [(10.0, 0.0)]
    numerics = dataclasses.replace(pretrained.numerics, device=torch.device(kind))
    assert pretrain_module.resources_of(dataclasses.replace(pretrained, numerics=numerics))["exclusive"] is exclusive


def test_memory_is_that_of_the_training_whatever_comes_after(make_run, dataset, tmp_path, monkeypatch):
    peaks = iter((10.0, 99.0))
    monkeypatch.setattr(pretrain_module, "peak_memory", lambda device: PeakMemory(1.0, "pretended", next(peaks)))
    pretrained = pretrain(make_run(), dataset, tmp_path)
    pretrain_module.peak_memory(pretrained.numerics.device)  # the evaluation's
    assert pretrain_module.resources_of(pretrained)["peak_reserved_mib"] == 10.0
