"""`make bench` times the benchmarks; otherwise each runs once on little data, so that none breaks unnoticed."""

from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from moco_bench.measure.load import foreign_load, sample_load


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark benchmarks slow: they belong to no single layer (see `tests/conftest.py`); `make bench` runs them alone."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)


def pytest_sessionstart(session) -> None:
    """Start measuring the load that other processes put on the machine."""
    session.config._load_at_start = sample_load()


def pytest_benchmark_update_json(config, output_json) -> None:
    """Record the load of others: beside a busy neighbour times mean nothing, as matmuls wait for the core it took."""
    start = getattr(config, "_load_at_start", None)
    output_json["foreign_load"] = None if start is None else foreign_load(start, sample_load())


def pytest_benchmark_update_machine_info(config, machine_info) -> None:
    """Record PyTorch's version: its kernels take most of the time that is measured."""
    machine_info["torch"] = torch.__version__


@pytest.fixture
def timed(request) -> bool:
    """Whether benchmarks are timed, and so run at full size."""
    return bool(request.config.getoption("benchmark_only", default=False))


@pytest.fixture(autouse=True)
def _once(timed, request, monkeypatch):
    """Disable timing where it was not asked for, as `--benchmark-disable` does."""
    if not timed:
        monkeypatch.setattr(request.config._benchmarksession, "disabled", True)
        monkeypatch.setattr(BenchmarkFixture, "_raw_pedantic", _pedantic_once)


# A disabled `pedantic` still makes all of its rounds.
def _pedantic_once(self, target, args=(), kwargs=None, **how):
    return target(*args, **(kwargs or {}))


@pytest.fixture(autouse=True)
def _all_cores(timed):
    """Let timed benchmarks use all cores; tests run on one thread."""
    from moco_bench.measure.quota import available_cores

    before = torch.get_num_threads()
    if timed:
        torch.set_num_threads(available_cores())
    yield
    torch.set_num_threads(before)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def batch(timed) -> int:
    return 256 if timed else 8


@pytest.fixture
def pixels(generator, batch) -> torch.Tensor:
    """A batch in the shape of CIFAR, uint8 [256, 3, 32, 32]; few images where nothing is timed."""
    return torch.randint(0, 256, (batch, 3, 32, 32), generator=generator, dtype=torch.uint8)
