import pytest
import torch

from moco_bench.errors import InputError
from moco_bench.evaluate.held_out import held_out


def images(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, 1, 8, 8), generator=generator, dtype=torch.uint8)


def test_it_is_a_part_of_each_class_that_can_spare_an_image():
    labels = torch.tensor([0] * 50 + [1] * 10 + [2] * 2 + [3])
    held = held_out(images(63), labels, 0.2)
    assert labels[held].bincount(minlength=4).tolist() == [10, 2, 1, 0]


def test_the_same_images_are_held_out_in_any_order():
    pictures, labels = images(200), torch.arange(200) % 5
    held = held_out(pictures, labels, 0.3)
    order = torch.randperm(200, generator=torch.Generator().manual_seed(1))
    assert torch.equal(held_out(pictures[order], labels[order], 0.3), held[order])


def test_a_larger_part_holds_out_the_same_images_and_more():
    pictures, labels = images(200), torch.arange(200) % 5
    small, large = held_out(pictures, labels, 0.1), held_out(pictures, labels, 0.4)
    assert (small & ~large).sum() == 0
    assert large.sum() == 80


def test_which_they_are_depends_on_the_images():
    labels = torch.arange(200) % 5
    assert not torch.equal(held_out(images(200, seed=0), labels, 0.3), held_out(images(200, seed=1), labels, 0.3))


def test_nothing_to_hold_out_is_refused():
    with pytest.raises(InputError, match="no class has two training images"):
        held_out(images(4), torch.arange(4), 0.2)
