import dataclasses

import numpy as np
import pytest
import torch

from moco_bench.components.augmentations import MocoRecipe
from moco_bench.data.stored import StoredImages
from moco_bench.errors import Interrupted
from moco_bench.evaluate.metrics import evaluate_encoder
from moco_bench.profile.parts import DATA, DATA_WAIT
from moco_bench.profile.stepper import Stepper
from moco_bench.suite.config import EvaluateConfig
from moco_bench.train import feed
from moco_bench.train.feed import BatchIndices, Prefetched, Resident, feed_of
from moco_bench.train.pretrain import pretrain
from moco_bench.train.state import hash_of_weights

CPU = torch.device("cpu")
ROWS = 40


@pytest.fixture
def on_disk(dataset, tmp_path):
    """The same images, in files of 40."""

    def stored(split, name):
        files = []
        for number, rows in enumerate(torch.split(split.images, ROWS)):
            files.append(tmp_path / f"{name}{number}.npy")
            np.save(files[-1], rows.numpy())
        return dataclasses.replace(split, images=StoredImages(tuple(files), ROWS, split.images.shape))

    return dataclasses.replace(
        dataset, train=stored(dataset.train, "train"), evaluation=stored(dataset.evaluation, "evaluation")
    )


def batch(*numbers, upcoming=None):
    return BatchIndices(torch.tensor(numbers), torch.tensor(numbers), upcoming)


def test_a_cpu_reads_ahead_only_what_lies_in_files(dataset, on_disk):
    assert isinstance(feed_of(dataset.train.images, CPU), Resident)
    assert isinstance(feed_of(on_disk.train.images, CPU), Prefetched)


@pytest.mark.parametrize("kind", ["in memory", "in files"])
@pytest.mark.parametrize(("free", "expected"), [(2**20, Resident), (4096, Prefetched)])
def test_a_gpu_holds_what_fits(dataset, on_disk, monkeypatch, kind, free, expected):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 2**30))
    monkeypatch.setattr(torch.Tensor, "to", lambda self, *words, **more: self)
    original = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *shape, device=None, **more: original(*shape, **more))
    images = (dataset if kind == "in memory" else on_disk).train.images
    found = feed_of(images, torch.device("cuda:0"))
    assert type(found) is expected
    if expected is Resident:
        assert torch.equal(found.gather(batch(95, 0, 41)), dataset.train.images[torch.tensor([95, 0, 41])])


def test_images_are_the_same_whether_a_step_was_announced_or_not(dataset, on_disk):
    images, reads = dataset.train.images, []
    fed = Prefetched(on_disk.train.images, CPU)
    original = fed._read
    fed._read = lambda numbers: (reads.append(numbers.tolist()), original(numbers))[1]
    for step in (batch(1, 2, upcoming=torch.tensor([3, 50])), batch(3, 50), batch(7, 8, upcoming=torch.tensor([9, 9])),
                 batch(95, 0)):  # fmt: skip
        assert torch.equal(fed.gather(step), images[step.numbers])
    assert reads == [[1, 2], [3, 50], [7, 8], [9, 9], [95, 0]]


def test_an_error_of_the_thread_reaches_the_step(on_disk):
    with pytest.raises(IndexError):
        Prefetched(on_disk.train.images, CPU).gather(batch(38, 119))


def test_training_reads_each_batch_ahead_and_leaves_the_bits_of_images_in_memory(
    make_run, dataset, on_disk, tmp_path, monkeypatch
):
    run, late = make_run(), []
    original = Prefetched.gather

    def noted(self, batch):
        late.append(self._next is None or not torch.equal(self._next[0], batch.numbers))
        return original(self, batch)

    monkeypatch.setattr(Prefetched, "gather", noted)
    plain = pretrain(run, dataset, tmp_path / "plain")
    whole = pretrain(run, on_disk, tmp_path / "whole")
    assert late == [True] + [False] * (whole.state.progress.step - 1)

    steps = iter([False] * 3 + [True])
    with pytest.raises(Interrupted):
        pretrain(run, on_disk, tmp_path / "broken", stop_requested=lambda: next(steps))
    resumed = pretrain(run, on_disk, tmp_path / "broken")
    hashes = [hash_of_weights(each.encoder) for each in (plain, whole, resumed)]
    assert len(set(hashes)) == 1
    assert len({each.state.progress.order_hash.state for each in (plain, whole, resumed)}) == 1

    config = EvaluateConfig(knn_k=5, corruption_images=100)
    found = [
        evaluate_encoder(plain.encoder, each, config, augment=MocoRecipe(), seed=0, device="cpu")
        for each in (dataset, on_disk)
    ]
    assert found[0] == found[1]


def test_a_profile_calls_the_wait_by_its_name(make_run, dataset, on_disk):
    for images, expected in ((dataset, DATA), (on_disk, DATA_WAIT)):
        parts = []
        Stepper(make_run(), images).step(parts.append)
        assert parts[0] == expected
        assert {DATA, DATA_WAIT} & set(parts) == {expected}


def test_images_of_a_tensor_are_read_ahead_too(dataset):
    fed = Prefetched(dataset.train.images, CPU)
    assert torch.equal(fed.gather(batch(5, 3)), dataset.train.images[torch.tensor([5, 3])])
    assert feed.MOST_OF_A_DEVICE < 1
