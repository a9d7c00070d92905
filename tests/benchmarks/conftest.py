"""Benchmarks run when asked for: `make bench`, which is `pytest tests/benchmarks --benchmark-only`."""

from pathlib import Path

import pytest
import torch


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.getoption("benchmark_only", default=False) else True


@pytest.fixture(autouse=True, scope="session")
def all_cores():
    """Tests run on one thread; what is timed here may have the machine."""
    from moco_bench.measure.machine import available_cores

    before = torch.get_num_threads()
    torch.set_num_threads(available_cores())
    yield
    torch.set_num_threads(before)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def pixels(generator) -> torch.Tensor:
    """A batch in the shape of CIFAR, uint8 [256, 3, 32, 32]."""
    return torch.randint(0, 256, (256, 3, 32, 32), generator=generator, dtype=torch.uint8)
