"""A user's folder of images without a suite around it, for a notebook that wants to see what training would see."""

from moco_bench.data.sources import source_of
from moco_bench.data.splits import LazySplits
from moco_bench.suite.config import DatasetConfig


def image_folder(config: DatasetConfig) -> LazySplits:
    """The images below `path`, upright and of one size. Each split is read when it is asked for.

    Args:
        config: `DatasetConfig(name="image-folder", path=..., image_size=...)`.

    Raises:
        InputError: a folder or a file is missing or can't be used (also on reading a split).
    """
    return source_of(config.source, config.image_size)
