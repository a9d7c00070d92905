import pytest
import torch

from moco_bench.data.splits import Split, hold_out, limit_to
from moco_bench.errors import InputError


def numbered(labels):
    """A split whose images carry their own number."""
    labels = torch.tensor(labels)
    images = torch.arange(len(labels)).view(-1, 1, 1, 1)
    return Split(images, labels)


def numbers(split):
    return split.images.flatten().tolist()


def shuffled(counts):
    labels = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    return numbered(labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))].tolist())


def test_held_out_and_kept_are_the_whole_without_overlap():
    split = shuffled([50, 30, 20])
    kept, held = hold_out(split, 0.2)
    assert sorted(numbers(kept) + numbers(held)) == list(range(100))
    assert len(held) == 20
    for part in (kept, held):
        assert numbers(part) == sorted(numbers(part))
        assert torch.equal(part.labels, split.labels[part.images.flatten()])


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.3, 0.5])
def test_every_class_gives_its_share(fraction):
    split = shuffled([500, 300, 200])
    _, held = hold_out(split, fraction)
    assert len(held) == round(1000 * fraction)
    for count, size in zip(torch.bincount(held.labels).tolist(), [500, 300, 200], strict=True):
        assert abs(count - fraction * size) <= 1


def test_holding_out_depends_on_nothing_but_the_labels():
    split = shuffled([50, 30, 20])
    torch.manual_seed(1)
    first = numbers(hold_out(split, 0.3)[1])
    torch.manual_seed(2)
    assert numbers(hold_out(split, 0.3)[1]) == first
    assert set(numbers(hold_out(split, 0.1)[1])) < set(first)
    assert first != list(range(30))


@pytest.mark.parametrize(("counts", "fraction"), [([10, 1], 0.5), ([3, 3], 0.05)])
def test_nothing_left_of_a_class_is_refused(counts, fraction):
    with pytest.raises(InputError, match=r"^validation: .*another fraction$"):
        hold_out(shuffled(counts), fraction)


@pytest.mark.parametrize(
    ("counts", "limit", "expected"),
    [
        ([50, 50, 50], 30, [10, 10, 10]),
        ([50, 50, 50], 31, [11, 10, 10]),
        ([50, 50, 50], 3, [1, 1, 1]),
        ([50, 4, 50], 34, [15, 4, 15]),
        ([50, 50, 50], 150, [50, 50, 50]),
    ],
)
def test_a_limit_is_balanced_over_the_classes(counts, limit, expected):
    split = shuffled(counts)
    part = limit_to(split, limit, "train_limit")
    assert torch.bincount(part.labels).tolist() == expected
    assert numbers(part) == sorted(set(numbers(part)))
    assert torch.equal(part.labels, split.labels[part.images.flatten()])


def test_a_smaller_limit_is_part_of_a_larger_one_and_always_the_same():
    split = shuffled([50, 30, 20])
    assert set(numbers(limit_to(split, 12, "train_limit"))) < set(numbers(limit_to(split, 40, "train_limit")))
    assert numbers(limit_to(split, 12, "train_limit")) == numbers(limit_to(split, 12, "test_limit"))
    assert limit_to(split, None, "train_limit") is split


@pytest.mark.parametrize("limit", [2, 101])
def test_a_limit_that_cant_be_met_is_refused(limit):
    with pytest.raises(InputError, match=r"^test_limit: .* give 3 to 100 or leave it out$"):
        limit_to(shuffled([50, 30, 20]), limit, "test_limit")
