"""Views of a batch, drawn for the whole of it and made for a part."""

import hashlib
from typing import Literal

import torch

from moco_bench.components import Augmentation
from moco_bench.components.augmentations import MocoRecipe
from moco_bench.data.drawing import views_of
from moco_bench.data.views import RecipeViews, ViewParameters

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)


class Shifted(Augmentation):
    """Moves all images of a batch by as many pixels."""

    name: Literal["shifted"] = "shifted"

    def view(self, images, generator):
        return images.roll(int(torch.randint(-3, 4, (), generator=generator)), dims=3)


def images(count=8):
    return torch.randint(0, 256, (count, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_both_views_are_drawn_and_hashed_as_one_after_the_other():
    drawn = views_of(MocoRecipe(blur=0.5), MEAN, STD)
    assert isinstance(drawn, RecipeViews)
    hasher, generator = hashlib.sha256(), torch.Generator().manual_seed(3)
    first, second = drawn.two(images(), generator, hasher, slice(2, 6), torch.contiguous_format)
    generator, expected = torch.Generator().manual_seed(3), hashlib.sha256()
    parts = [drawn.draw(8, 16, 16, generator) for _ in range(2)]
    for part in parts:
        part.digest(expected)
    both = drawn.apply(images()[2:6], ViewParameters.joined([part.of(slice(2, 6)) for part in parts]))
    assert torch.equal(torch.cat([first, second]), both)
    assert hasher.digest() == expected.digest()


def test_a_plug_ins_views_are_normalised_whatever_their_type_and_drawn_for_the_whole_batch():
    drawn = views_of(Shifted(), MEAN, STD)
    hashers = [hashlib.sha256(), hashlib.sha256()]
    whole = drawn.two(images(), torch.Generator().manual_seed(1), hashers[0], slice(0, 8), torch.channels_last)
    part = drawn.two(images(), torch.Generator().manual_seed(1), hashers[1], slice(4, 8), torch.channels_last)
    assert torch.equal(whole[0][4:], part[0])
    assert torch.equal(whole[1][4:], part[1])
    assert hashers[0].digest() == hashers[1].digest()
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    back = whole[0] * std + mean
    assert float(back.min()) >= -1e-6
    assert float(back.max()) <= 1 + 1e-6
