"""Two views of a batch of 256; a benchmark's time is for 512 views."""

import pytest
from PIL import Image

from benchmarks.peers.demo import pil_transform
from benchmarks.peers.images import bench_images
from benchmarks.peers.settings import workload
from moco_bench.components.augmentations import MocoRecipe
from moco_bench.data.views import RecipeViews

MEAN, STD = (0.5,) * 3, (0.25,) * 3


@pytest.mark.parametrize("blur", [0.0, 0.5])
def test_batched(benchmark, pixels, generator, blur, batch):
    augmentation = RecipeViews(MocoRecipe(blur=blur), MEAN, STD)

    def two_views():
        return [augmentation.apply(pixels, augmentation.draw(batch, 32, 32, generator)) for _ in range(2)]

    views = benchmark(two_views)

    assert views[0].shape == (batch, 3, 32, 32)


def test_with_pil_on_one_core(benchmark, pixels, batch):
    """PIL transforms as a DataLoader's worker applies them, in this process."""
    transform = pil_transform(MocoRecipe(), bench_images(workload()))
    images = [Image.fromarray(image.numpy()) for image in pixels.permute(0, 2, 3, 1)]

    views = benchmark.pedantic(lambda: [transform(image) for image in images], rounds=3, warmup_rounds=1)

    assert len(views) == batch
