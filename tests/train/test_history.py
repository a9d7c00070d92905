"""What a run writes down about itself, and that writing it down changes nothing."""

import csv

import pytest
import torch

from moco_bench.components.readings import reading_of
from moco_bench.contrast import Hardest
from moco_bench.contrast.gradient_share import key_gradient_share
from moco_bench.train import loop
from moco_bench.train.history import UnreadSteps, close_epoch, note_diagnosis, write_history
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.pretrain import pretrain
from moco_bench.train.state import hash_of_weights, initial_state
from moco_bench.train.step import StepResult

CONTRASTS = {
    "key-in-batch": {"dual_view": "key-in-batch", "negatives": {"rule": "random"}},
    "query-queue": {"dual_view": "query-queue", "negatives": {"rule": "hardest"}},
    "symmetric": {"dual_view": "symmetric"},
}


def unit_rows(count, dimension, seed):
    rows = torch.randn(count, dimension, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(rows, dim=1)


@pytest.mark.parametrize("reading", CONTRASTS)
def test_a_run_that_is_diagnosed_has_the_bits_of_one_that_is_not(reading, make_run, dataset, tmp_path, monkeypatch):
    run = make_run({"contrast": CONTRASTS[reading]})
    torch.manual_seed(4)
    global_state = torch.get_rng_state()

    diagnosed = pretrain(run, dataset, tmp_path / "diagnosed").state
    monkeypatch.setattr(loop.history, "note_diagnosis", lambda *_, **more: None)
    left_alone = pretrain(run, dataset, tmp_path / "left-alone").state

    for part in ("query_encoder", "key_encoder", "queue"):
        assert hash_of_weights(getattr(diagnosed, part)) == hash_of_weights(getattr(left_alone, part))
    losses = [[row["train_loss"] for row in state.progress.history] for state in (diagnosed, left_alone)]
    assert losses[0] == losses[1]
    assert diagnosed.progress.history[0]["positive_similarity"] is not None
    assert left_alone.progress.history[0]["positive_similarity"] is None
    assert torch.equal(torch.get_rng_state(), global_state)


@pytest.mark.parametrize(
    ("contrast", "there"),
    [({}, False), ({"dual_view": "symmetric"}, False), ({"dual_view": "key-anchored", "key_weight": 0.3}, True)],
)
def test_the_history_has_a_share_where_there_is_a_key_term(contrast, there, make_run, dataset, tmp_path):
    history = pretrain(make_run({"contrast": contrast}), dataset, tmp_path).state.progress.history
    write_history(tmp_path / "history.csv", history)

    with open(tmp_path / "history.csv", newline="") as table:
        written = [row["key_gradient_share"] for row in csv.DictReader(table)]
    if there:
        assert [float(share) for share in written] == [row["key_gradient_share"] for row in history]
        assert all(0 < float(share) < 1 for share in written)
    else:
        assert written == ["", ""]


@pytest.mark.parametrize("masked", [True, False])
def test_the_share_is_of_the_step_with_the_runs_own_settings(masked, make_run, dataset):
    contrast = {"dual_view": "query-queue", "key_weight": 0.3, "temperature": 0.4, "mask_same_sample": masked}
    run = make_run({"contrast": contrast})
    state = initial_state(run, resolve_numerics(run.train, None), channels=1, image_size=8)
    indices = torch.arange(16)
    state.queue.enqueue(unit_rows(16, 16, seed=2), indices)
    query, key, rule = unit_rows(16, 16, seed=0), unit_rows(16, 16, seed=1), Hardest(count=8)

    note_diagnosis(
        state, query, key,
        contrast=run.contrast, negatives=rule, sample_index=indices, labels=dataset.train.labels,
    )  # fmt: skip

    images = {"sample_index": indices, "queue_index": state.queue.sample_index} if masked else {}
    expected = key_gradient_share(
        query, key, state.queue.keys,
        temperature=0.4, objective=reading_of("query-queue", 0.3), negatives=rule,
        query_queue=state.query_queue.keys, **images,
    )  # fmt: skip
    assert state.progress.epoch_sums["key_gradient_share"] == [expected]


def test_an_epochs_row_is_the_mean_of_its_steps(make_run):
    run = make_run()
    progress = initial_state(run, resolve_numerics(run.train, None), channels=1, image_size=8).progress
    nothing = torch.empty(0)
    unread = UnreadSteps()
    for loss in (4.0, 2.0):
        result = StepResult(torch.tensor(loss), torch.tensor(loss), None, nothing, nothing, None)
        unread.add(result, learning_rate=0.1)
    assert unread.read(progress, [0.5, 1.5]) is None
    assert len(unread) == 0
    progress.epoch_sums["key_gradient_share"] = [0.2, 0.6]
    progress.step = 2

    row = close_epoch(progress, epoch=1, batch_size=16)

    assert (row["train_loss"], row["key_loss"], row["seconds"]) == (3.0, None, 2.0)
    assert row["key_gradient_share"] == pytest.approx(0.4)
    assert row["images_per_second"] == 16
    assert progress.epoch_sums == {}
    assert progress.history == [row]


def test_a_loss_that_was_not_finite_is_found_where_it_was(make_run):
    run = make_run()
    progress = initial_state(run, resolve_numerics(run.train, None), channels=1, image_size=8).progress
    unread, nothing = UnreadSteps(), torch.empty(0)
    for loss in (1.0, 2.0, float("nan"), float("nan")):
        unread.add(StepResult(torch.tensor(loss), torch.tensor(1.0), None, nothing, nothing, None), learning_rate=0.1)

    assert unread.read(progress, [0.1] * 4) == 2
    assert progress.epoch_sums["train_loss"][:2] == [1.0, 2.0]
    assert unread.read(progress, []) is None


def test_the_epoch_in_which_a_filters_warm_up_ends_is_marked_with_its_share(make_run, dataset, tmp_path):
    """Six steps an epoch: the first is warm-up alone, half of the second is, and the filter acts in the third."""
    contrast = {"negatives": {"rule": "hardest", "fraction": 0.25}, "filter_warmup_steps": 9}
    filtered = make_run({"contrast": contrast, "train": {"epochs": 3}})
    history = pretrain(filtered, dataset, tmp_path / "filtered").state.progress.history
    plain = pretrain(make_run({"train": {"epochs": 1}}), dataset, tmp_path / "plain").state.progress.history

    first, mixed, last = ([row["warmup_share"], row["kept_mass"]] for row in history)
    assert first == [1, pytest.approx(1)]
    assert mixed[0] == 0.5
    assert last[0] == 0
    assert 0.25 < last[1] < 1, "the hardest quarter holds more than a quarter of the mass"
    assert last[1] < mixed[1] < 1
    assert (plain[0]["warmup_share"], plain[0]["kept_mass"]) == (None, pytest.approx(1))
