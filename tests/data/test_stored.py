import pickle

import numpy as np
import pytest
import torch

from moco_bench.data import stored
from moco_bench.data.datasets import channel_statistics
from moco_bench.data.inspection import flat_images, level_range
from moco_bench.data.splits import Split, hold_out, limit_to
from moco_bench.data.stored import StoredImages, batches, in_memory, pieces, taken

ROWS, COUNT = 4, 11


@pytest.fixture
def whole():
    return torch.randint(0, 256, (COUNT, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.fixture
def on_disk(whole, tmp_path):
    files = tuple(tmp_path / f"{number}.npy" for number in range(3))
    for file, rows in zip(files, torch.split(whole, ROWS), strict=True):
        np.save(file, rows.numpy())
    return StoredImages(files, ROWS, whole.shape)


def test_they_are_indexed_as_a_tensor_is(whole, on_disk):
    places = torch.tensor([10, 0, 3, 4, 4, 7])
    assert (on_disk.shape, len(on_disk), on_disk.nbytes) == (whole.shape, COUNT, whole.nbytes)
    assert torch.equal(on_disk[places], whole[places])
    assert torch.equal(on_disk[2:9], whole[2:9])
    assert torch.equal(in_memory(on_disk), whole)
    assert on_disk[torch.tensor([], dtype=torch.int64)].shape == (0, 3, 8, 8)


@pytest.mark.parametrize("size", [1, 3, 4, 11, 50])
def test_batches_and_pieces_are_those_of_the_tensor(whole, on_disk, monkeypatch, size):
    assert all(map(torch.equal, batches(on_disk, size), torch.split(whole, size)))
    monkeypatch.setattr(stored, "PIECE_BYTES", size * 3 * 8 * 8)
    assert all(map(torch.equal, pieces(on_disk), torch.split(whole, size)))


def test_part_of_a_part_is_no_copy(whole, on_disk):
    first, second = torch.tensor([9, 1, 5, 10]), torch.tensor([3, 0])
    part = taken(taken(on_disk, first), second)
    assert isinstance(part, StoredImages)
    assert torch.equal(in_memory(part), whole[first][second])
    assert torch.equal(in_memory(pickle.loads(pickle.dumps(part))), in_memory(part))


def test_splits_statistics_and_inspection_are_the_same_on_disk(whole, on_disk):
    labels = torch.arange(COUNT) % 2
    for part in (lambda split: hold_out(split, 0.4)[1], lambda split: limit_to(split, 5, "limit")):
        ours, theirs = part(Split(on_disk, labels)), part(Split(whole, labels))
        assert isinstance(ours.images, StoredImages)
        assert torch.equal(in_memory(ours.images), theirs.images)
        assert torch.equal(ours.labels, theirs.labels)
    assert channel_statistics(on_disk) == channel_statistics(whole)
    assert flat_images(on_disk) == flat_images(whole)
    assert level_range(on_disk) == level_range(whole)


def test_pages_are_given_back_and_read_again(whole, on_disk, monkeypatch):
    monkeypatch.setattr(stored, "MAPPED_BYTES", 1)  # after each image
    for _ in range(2):
        assert torch.equal(in_memory(on_disk), whole)


def test_nobody_can_write_to_them(on_disk, whole):
    on_disk[0:2].zero_()
    assert torch.equal(in_memory(on_disk), whole)
