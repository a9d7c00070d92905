"""Images that come with this package or with scikit-learn: nothing to download."""

from pathlib import Path

import numpy as np
import torch

from moco_bench.data.arrays import split_of
from moco_bench.data.npz_file import read_npz
from moco_bench.data.scenes import TEST_SEED, TRAIN_SEED, scenes
from moco_bench.data.splits import Source, Split, hold_out
from moco_bench.suite.config import DatasetConfig

FASHION_MNIST_5K = Path(__file__).with_name("fashion-mnist-5k.npz")
DIGITS_TEST_FRACTION = 0.2


def fashion_mnist_5k(config: DatasetConfig) -> Source:
    """The first 500 training and the first 100 test images of each class of Fashion-MNIST: 28x28, one channel."""
    return read_npz(FASHION_MNIST_5K)


def fashion_scenes_5k(config: DatasetConfig) -> Source:
    """The images of `fashion-mnist-5k`, each shrunk, set down somewhere and coloured at random: 32x32 RGB.

    Sizes, places and colours are synthetic, and always the same (`scenes`); they are made here, from the same file.
    """
    plain = fashion_mnist_5k(config)

    def made(split: Split, seed: int) -> Split:
        return Split(torch.from_numpy(scenes(split.images[:, 0].numpy(), seed)), split.labels)

    return Source(
        plain.classes,
        lambda: made(plain.train(), TRAIN_SEED),
        lambda: made(plain.test(), TEST_SEED),
    )


def digits(config: DatasetConfig) -> Source:
    """scikit-learn's 1,797 handwritten digits, 8x8, one channel.

    They come without a split: a fifth of each class, always the same images, is the test split. The 17 levels of
    intensity are scaled to 0-255.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    whole = split_of(images, bunch.target, 10, "digits")
    train, test = hold_out(whole, DIGITS_TEST_FRACTION)
    return Source(tuple(map(str, range(10))), lambda: train, lambda: test)
