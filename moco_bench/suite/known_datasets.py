"""What is known of a data set before its images are loaded."""

from moco_bench.suite.config import DatasetConfig


def sizes(dataset: DatasetConfig) -> tuple[int, int] | None:
    """Training and test images of the whole data set, or None where only the data can tell."""
    known = dataset.source.sizes
    return None if known is None else (int(known[0]), int(known[1]))


def class_count(dataset: DatasetConfig) -> int | None:
    """How many classes there are, or None where only the data can tell."""
    return dataset.source.class_count


def training_images(dataset: DatasetConfig) -> int | None:
    """How many images an epoch draws from, or None where only the data can tell."""
    known = sizes(dataset)
    if known is None:
        return None
    held = 0 if dataset.source.labelled is not None else round(known[0] * dataset.validation)
    size = known[0] - held
    return min(size, dataset.train_limit or size)


def labelled_images(dataset: DatasetConfig) -> int | None:
    """How many training images evaluation compares with, or None where only the data can tell."""
    whole = dataset.source.labelled
    return training_images(dataset) if whole is None else whole - round(whole * dataset.validation)
