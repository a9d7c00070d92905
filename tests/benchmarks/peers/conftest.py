import pytest

from benchmarks.peers.images import bench_images
from benchmarks.peers.settings import Timing, Workload
from moco_bench.suite.config import ContrastConfig

COMPACT = "resnet-compact"


@pytest.fixture(scope="session")
def tiny() -> Workload:
    """Steps of milliseconds, except for the processes of a DataLoader."""
    return Workload(
        {COMPACT: 8},
        ContrastConfig(queue_size=32),
        images=64,
        loss_batch=8,
        loss_queue=256,
        short_loss_queue=32,
        product_side=64,
    )


@pytest.fixture(scope="session")
def once() -> Timing:
    return Timing(rounds=1, steps=1, warmup_steps=0, seconds=60.0, threads=1, workers=0)


@pytest.fixture(scope="session")
def images(tiny):
    return bench_images(tiny)
