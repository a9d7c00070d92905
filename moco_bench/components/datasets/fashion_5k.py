"""A part of Fashion-MNIST that ships with the package, as it is and as colour scenes: nothing to download."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from moco_bench.components.datasets.base import Arrays, Dataset, SplitName
from moco_bench.components.datasets.npz import NpzFile

FASHION_MNIST_5K = Path(__file__).parents[2] / "data" / "fashion-mnist-5k.npz"


class Fashion5k(Dataset):
    """500 training and 100 test images of each class of Fashion-MNIST, in whatever form."""

    source: ClassVar[str] = "Xiao et al. 2017 (arXiv 1708.07747)"
    licence: ClassVar[str] = "MIT"
    sizes: ClassVar[tuple[int, int] | None] = (5_000, 1_000)
    class_count: ClassVar[int | None] = 10
    checksums: ClassVar[bool] = True

    def class_names(self) -> Sequence[str] | None:
        return NpzFile(FASHION_MNIST_5K).class_names()


class FashionMnist5k(Fashion5k):
    """500 training and 100 test images of each class of Fashion-MNIST: 28x28, one channel. Ships with the package."""

    name: Literal["fashion-mnist-5k"] = "fashion-mnist-5k"

    def load(self, split: SplitName) -> Arrays:
        return NpzFile(FASHION_MNIST_5K).split(split)


class FashionScenes5k(Fashion5k):
    """The same images, each shrunk, set down somewhere and coloured at random: 32x32 RGB. Made here.

    Sizes, places and colours are synthetic, and always the same (`scenes`).
    """

    source: ClassVar[str] = "Xiao et al. 2017 (arXiv 1708.07747), with synthetic sizes, places and colours"

    name: Literal["fashion-scenes-5k"] = "fashion-scenes-5k"

    def load(self, split: SplitName) -> Arrays:
        from moco_bench.components.datasets.scenes import TEST_SEED, TRAIN_SEED, scenes

        file = NpzFile(FASHION_MNIST_5K)
        seed = TRAIN_SEED if split == "train" else TEST_SEED
        return Arrays(scenes(file.array(f"x_{split}"), seed), file.array(f"y_{split}"))
