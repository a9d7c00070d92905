"""The images that all contenders train on, whole in memory as uint8."""

import torch

from benchmarks.peers.settings import Workload
from moco_bench.data.datasets import DataSet, load_dataset
from moco_bench.data.splits import Split
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig

DATA = ("random", "cifar10", "cifar100")
SEED = 0


def bench_images(workload: Workload, root: str | None = None) -> DataSet:
    """Noise in the shape of CIFAR (3 x 32 x 32), or a data set of that shape from the folder `root`.

    The time of no contender's step depends on what the images show, so noise is as good as photographs for timing.

    Raises:
        InputError: the name is not one of `DATA`, or the data set can't be read.
    """
    if workload.data == "random":
        generator = torch.Generator().manual_seed(SEED)
        images = torch.randint(0, 256, (workload.images, 3, 32, 32), generator=generator, dtype=torch.uint8)
        split = Split(images, torch.zeros(len(images), dtype=torch.int64))
        return DataSet("random", ("none",), split, split, "test", (0.5,) * 3, (0.25,) * 3, "0" * 64)
    if workload.data not in DATA:
        raise InputError(f"no data {workload.data!r} in this benchmark; it has {', '.join(DATA)}")
    return load_dataset(DatasetConfig.model_validate({"name": workload.data, "root": root}))
