"""What is known of a data set before its images are loaded."""

from moco_bench.suite.config import DatasetConfig

KNOWN_SIZES = {
    "fashion-mnist-5k": (5_000, 1_000),
    "fashion-scenes-5k": (5_000, 1_000),
    "fashion-mnist": (60_000, 10_000),
    "cifar10": (50_000, 10_000),
    "cifar100": (50_000, 10_000),
    "digits": (1_438, 359),
}
"""Training and test images of the data sets whose size is known before they are loaded."""

KNOWN_CLASSES = {"cifar100": 100}
"""Of these data sets; the others have ten."""


def training_images(dataset: DatasetConfig) -> int | None:
    """How many images an epoch draws from, or None where only the data can tell."""
    known = KNOWN_SIZES.get(dataset.name)
    if known is None:
        return None
    size = known[0] - round(known[0] * dataset.validation)
    return min(size, dataset.train_limit or size)
