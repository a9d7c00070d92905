"""What is known of a data set before its images are loaded."""

from moco_bench.suite.config import DatasetConfig


def sizes(dataset: DatasetConfig) -> tuple[int, int] | None:
    """Training and test images of the whole data set, or None where only the data can tell."""
    known = getattr(dataset.idea, "sizes", None)
    return None if known is None else (int(known[0]), int(known[1]))


def class_count(dataset: DatasetConfig) -> int | None:
    """How many classes there are, or None where only the data can tell."""
    known: int | None = getattr(dataset.idea, "class_count", None)
    return known


def training_images(dataset: DatasetConfig) -> int | None:
    """How many images an epoch draws from, or None where only the data can tell."""
    known = sizes(dataset)
    if known is None:
        return None
    size = known[0] - round(known[0] * dataset.validation)
    return min(size, dataset.train_limit or size)
