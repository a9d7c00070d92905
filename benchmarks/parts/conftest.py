"""Benchmarks are timed when asked for: `make bench`. Otherwise each runs once on a little data, so that none rots."""

from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from moco_bench.measure.load import foreign_load, sample_load


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Belongs to no single layer, as `tests/conftest.py` has it; `make bench` runs them with nothing beside them."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)


def pytest_sessionstart(session) -> None:
    """From here on the load that others put on the machine counts."""
    session.config._load_at_start = sample_load()


def pytest_benchmark_update_json(config, output_json) -> None:
    """Beside a busy neighbour times say nothing: products on all cores wait for the core that is taken."""
    start = getattr(config, "_load_at_start", None)
    output_json["foreign_load"] = None if start is None else foreign_load(start, sample_load())


def pytest_benchmark_update_machine_info(config, machine_info) -> None:
    """Its kernels are most of what is timed."""
    machine_info["torch"] = torch.__version__


@pytest.fixture
def timed(request) -> bool:
    """Whether times count, and so sizes do."""
    return bool(request.config.getoption("benchmark_only", default=False))


@pytest.fixture(autouse=True)
def _once(timed, request, monkeypatch):
    """What `--benchmark-disable` does, without having to be said."""
    if not timed:
        monkeypatch.setattr(request.config._benchmarksession, "disabled", True)
        monkeypatch.setattr(BenchmarkFixture, "_raw_pedantic", _pedantic_once)


# A disabled `pedantic` still makes all of its rounds.
def _pedantic_once(self, target, args=(), kwargs=None, **how):
    return target(*args, **(kwargs or {}))


@pytest.fixture(autouse=True)
def _all_cores(timed):
    """Tests run on one thread; what is timed here may have the machine."""
    from moco_bench.measure.machine import available_cores

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
