import copy

import pytest
import torch

from benchmarks.launches import LaunchCounter
from moco_bench.contrast.queue import KeyQueue


def make_queue(size=5, dimension=3, seed=0):
    return KeyQueue(size, dimension, torch.Generator().manual_seed(seed))


def rows(*values):
    return torch.tensor(values, dtype=torch.float32)[:, None].expand(-1, 3).clone()


def test_starts_with_random_unit_rows_of_no_image():
    queue = make_queue(size=64)
    torch.testing.assert_close(queue.keys.norm(dim=1), torch.ones(64))
    assert (queue.keys @ queue.keys.T).fill_diagonal_(0).mean().abs() < 0.05
    assert queue.sample_index.tolist() == [-1] * 64
    assert queue.sample_index.dtype == torch.int64
    assert queue.pointer == 0


def test_the_filling_is_the_generators():
    before = torch.get_rng_state()
    assert make_queue(seed=1).keys.equal(make_queue(seed=1).keys)
    assert not make_queue(seed=1).keys.equal(make_queue(seed=2).keys)
    assert torch.get_rng_state().equal(before)


def test_the_newest_keys_replace_the_oldest_around_the_end():
    queue = make_queue()
    queue.enqueue(rows(0, 1, 2), torch.tensor([10, 11, 12]))
    queue.enqueue(rows(3, 4, 5, 6), torch.tensor([13, 14, 15, 16]))
    assert queue.keys[:, 0].tolist() == [5, 6, 2, 3, 4]
    assert queue.sample_index.tolist() == [15, 16, 12, 13, 14]
    assert queue.pointer == 2
    queue.enqueue(rows(7, 8, 9, 10, 11), torch.arange(5))
    assert queue.keys[:, 0].tolist() == [10, 11, 7, 8, 9]
    assert queue.pointer == 2


def test_keys_are_copied_without_their_graph():
    queue = make_queue()
    keys = rows(1, 2).requires_grad_()
    index = torch.tensor([1, 2])
    queue.enqueue(keys, index)
    assert not queue.keys.requires_grad
    with torch.no_grad():
        keys.zero_()
    index.zero_()
    assert queue.keys[:2, 0].tolist() == [1, 2]
    assert queue.sample_index[:2].tolist() == [1, 2]


def test_a_checkpoint_holds_the_whole_queue():
    queue, other = make_queue(seed=0), make_queue(seed=1)
    queue.enqueue(rows(1, 2), torch.tensor([4, 5]))
    other.load_state_dict(queue.state_dict())
    for continued in (queue, other):
        continued.enqueue(rows(3, 4, 5, 6), torch.tensor([6, 7, 8, 9]))
    assert other.keys.equal(queue.keys)
    assert other.sample_index.equal(queue.sample_index)
    assert other.pointer == queue.pointer == 1


@pytest.mark.parametrize("within", [False, True], ids=["by itself", "within a module"])
def test_a_restored_queue_goes_on_where_the_other_stood(within):
    queue, other = make_queue(), make_queue(seed=1)
    queue.enqueue(rows(1, 2, 3, 4), torch.arange(4))
    if within:
        torch.nn.Sequential(other).load_state_dict(torch.nn.Sequential(queue).state_dict())
    else:
        other.load_state_dict(queue.state_dict())
    copy.deepcopy(other).enqueue(rows(9), torch.arange(1))  # a copy stands for itself
    other.enqueue(rows(5, 6), torch.tensor([7, 8]))
    assert other.keys[:, 0].tolist() == [6, 2, 3, 4, 5]
    assert other.sample_index.tolist() == [8, 1, 2, 3, 7]
    assert other.pointer == 1


@pytest.mark.parametrize("counts", [(1,) * 12, (5, 5), (2, 3, 4, 1, 5), (3, 4, 5, 0, 2)])
def test_slots_are_those_of_a_ring(counts):
    queue, generator = make_queue(), torch.Generator().manual_seed(4)
    keys, index, place = queue.keys.clone(), queue.sample_index.clone(), 0
    for number, count in enumerate(counts):
        new = torch.randn(count, 3, generator=generator)
        queue.enqueue(new, torch.full((count,), number))
        slots = (place + torch.arange(count)) % 5
        keys[slots], index[slots], place = new, number, (place + count) % 5
        assert torch.equal(queue.keys, keys)
        assert torch.equal(queue.sample_index, index)
        assert (queue.pointer.dtype, queue.pointer.item()) == (torch.int64, place)


def test_keys_are_put_in_by_copies_alone_and_nothing_is_read():
    queue = make_queue()
    keys, index = rows(1, 2, 3), torch.arange(3)
    queue.enqueue(keys, index)
    with LaunchCounter().counting() as seen:
        queue.enqueue(keys, index)  # around the end
    assert seen.operators == {"": {"copy_": 4, "fill_": 1}}
    assert seen.waits == {}


def test_half_precision_keys_are_stored_in_the_queues_type():
    queue = make_queue()
    queue.enqueue(rows(1, 2).bfloat16(), torch.tensor([1, 2], dtype=torch.int32))
    assert queue.keys.dtype == torch.float32
    assert queue.keys[:2, 0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("keys", "index", "named"),
    [
        (torch.zeros(2, 4), torch.zeros(2), r"keys must have shape \[B, 3\]"),
        (torch.zeros(2), torch.zeros(2), r"keys must have shape \[B, 3\]"),
        (torch.zeros(2, 3), torch.zeros(3), r"sample_index must have shape \[2\]"),
        (torch.zeros(6, 3), torch.zeros(6), "keys must be at most 5"),
    ],
)
def test_what_does_not_fit_is_refused(keys, index, named):
    with pytest.raises(ValueError, match=named):
        make_queue().enqueue(keys, index.long())


def test_an_empty_queue_is_refused():
    with pytest.raises(ValueError, match="size and dimension"):
        make_queue(size=0)
