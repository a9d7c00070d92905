"""Requirements for augmentations, checked on a small batch of uint8 images."""

import inspect

import torch
from torch import Tensor

from moco_bench.components.augmentations import Augmentation
from moco_bench.data.drawing import views_of
from moco_bench.errors import InputError

IMAGES, SIDE = 6, 32


def check_augmentation(augmentation: Augmentation) -> None:
    """Check shape, dtype and range of views, that only the generator decides them, and that images aren't changed."""
    augmentation.check()
    given = list(inspect.signature(type(augmentation).view).parameters)[1:]
    assert given == ["images", "generator"], f"`view` takes {given}; (images, generator) is all that it is given"
    for images in map(_images, (1, 3)):
        first, again, other = (_view(augmentation, images, seed) for seed in (0, 0, 1))
        assert first.equal(again), "an equal state of the generator must give equal views: draw by `generator` alone"
        assert not first.equal(other), "another state of the generator must give other views"
        assert first.isfinite().all(), "views must be finite"
        low, high = float(first.min()), float(first.max())
        assert -1e-4 <= low <= high <= 1 + 1e-4, f"views reach from {low:.3g} to {high:.3g}; 0 to 1 would be right"


def _view(augmentation: Augmentation, images: Tensor, seed: int) -> Tensor:
    """One view in [0, 1]; the global generator has another state each time, which must stay as it is."""
    channels = images.shape[1]
    views = views_of(augmentation, mean=(0.0,) * channels, std=(1.0,) * channels)
    untouched = images.clone()
    with torch.random.fork_rng(devices=[]):
        torch.seed()
        before = torch.get_rng_state()
        try:
            found = views.one(images, torch.Generator().manual_seed(seed))
        except InputError as error:
            raise AssertionError(str(error)) from None
        assert torch.get_rng_state().equal(before), "`view` must draw from `generator`, not from torch's own"
    assert images.equal(untouched), "`view` must leave the images as they were"
    assert found.shape == images.shape, f"views are {list(found.shape)}, the images {list(images.shape)}"
    assert found.dtype == torch.float32, f"views are {found.dtype}"
    return found


def _images(channels: int) -> Tensor:
    generator = torch.Generator().manual_seed(channels)
    coarse = torch.rand(IMAGES, channels, 4, 4, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(SIDE, SIDE), mode="bilinear")
    return (smooth * 255).to(torch.uint8)
