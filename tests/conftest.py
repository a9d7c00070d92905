"""Fixtures of all tests."""

import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from command_server import start_server

Require = Callable[[Path, str], Path]

WHOLE_SYSTEM = frozenset({"benchmarks/peers", "browser", "cluster", "profile", "reliability", "workflow"})
"""Folders of tests that start processes, Snakemake or a browser, or measure time: all of them `slow`."""

FIRST = ("cluster", "workflow", "docs", "examples", "browser", "reliability")
"""Folders whose tests take longest or wait: they run first, so that no worker is left with one of them in the end.
The cluster's mostly wait, so what computes comes beside them."""

MEASURING = frozenset(
    {
        "benchmarks/peers/test_run.py",
        *(
            f"profile/test_{name}.py"
            for name in (
                "accounting", "arm_memory", "growth", "leak", "memory", "parts", "parts_scaler", "queue_claim",
                "relative_costs", "timing", "trace",
            )
        ),
    }
)  # fmt: skip
"""Tests that measure the machine: all of them `alone`, that is one at a time with nothing beside them."""


def pytest_configure(config: pytest.Config) -> None:
    """Files keep the order that they have below; pytest-xdist would begin with those of most tests, which are quick."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
    # Under nohup HUP is ignored, in the background INT: here and in every process of the tests.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """For `-m "alone ..."`, don't import files without such tests: all the others take a quarter of a minute."""
    if collection_path.suffix != ".py" or not str(config.getoption("markexpr")).startswith("alone"):
        return None
    measures = any(str(collection_path).endswith(f"tests/{name}") for name in MEASURING)
    return None if measures or "pytest.mark.alone" in collection_path.read_text(encoding="utf-8") else True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark `slow` what belongs to no single layer (`-m "not slow"` are the unit tests), and `alone` what measures.

    Long ones come first. Coverage is that of the unit tests, which reach nearly every line; tracing slows the others.
    """
    here = Path(__file__).parent
    for item in items:
        parts = item.path.relative_to(here).parts if item.path.is_relative_to(here) else ()
        folders = {"/".join(parts[:depth]) for depth in (1, 2)}
        if folders & WHOLE_SYSTEM or item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.slow)
        if "/".join(parts) in MEASURING:
            item.add_marker(pytest.mark.alone)
        if any(map(item.get_closest_marker, ("slow", "alone"))):
            item.add_marker(pytest.mark.no_cover)
    files_with_slow_tests = {item.path for item in items if item.get_closest_marker("slow")}

    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        return FIRST.index(folder) if folder in FIRST else len(FIRST) + (item.path not in files_with_slow_tests)

    items.sort(key=turn)


@pytest.fixture(scope="session", autouse=True)
def _malloc_as_it_is() -> Iterator[None]:
    """A run tells malloc to keep freed memory, for good: tests of memory in the same process would see that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moco_bench.measure.allocator.platform", SimpleNamespace(libc_ver=lambda: ("", "")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded images go where no other test run finds them; processes that tests start inherit it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOCO_BENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def command_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a server that answers `moco-bench` with everything imported (`tests/command_server.py`)."""
    folder = tmp_path_factory.mktemp("commands")
    with start_server(folder):
        yield folder


@pytest.fixture
def quick_commands(command_server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`moco-bench` in any shell that this test starts, Snakemake's too, takes 0.1 s to begin in place of two."""
    monkeypatch.setenv("BASH_ENV", str(command_server / "functions.sh"))


def load_generator(name: str) -> ModuleType:
    """A module of tests/report, which no test may import by name: test folders aren't packages."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "report" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """`write_results`, `suite_values` and the effects they put in."""
    return load_generator("synthetic_results")


@pytest.fixture(scope="session")
def synthetic_profile() -> ModuleType:
    """`write_profile` and the figures it puts in."""
    return load_generator("synthetic_profile")


@pytest.fixture(scope="session")
def outline() -> Callable[[Path], Any]:
    """`outline(path)`: the page's tags, links and text."""
    return load_generator("page_outline").outline  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def require_data() -> Require:
    """A function that returns a path, or skips the test where it is absent and says what to do.

    Where MOCO_BENCH_REQUIRE_DATA=1 promises that all data are there, the test fails instead.
    """

    def require(path: Path, advice: str) -> Path:
        if path.exists():
            return path
        message = f"{path} is absent: {advice}"
        if os.environ.get("MOCO_BENCH_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)

    return require


@pytest.fixture(scope="session")
def require_lightly() -> None:
    """Skip a test of what lightly does where it isn't installed, unless MOCO_BENCH_REQUIRE_LIGHTLY promises it."""
    if "MOCO_BENCH_REQUIRE_LIGHTLY" not in os.environ:
        pytest.importorskip("lightly", reason="the extra `bench` is not installed")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Where real data lie: MOCO_BENCH_DATA, or the repository's `data`."""
    return Path(os.environ.get("MOCO_BENCH_DATA", Path(__file__).parents[1] / "data"))


@pytest.fixture(scope="session")
def real_data(data_folder: Path, require_data: Require) -> Path:
    """A folder with real CIFAR-10, `cifar-10-batches-py`, as torchvision unpacks it."""
    require_data(data_folder / "cifar-10-batches-py", "set MOCO_BENCH_DATA to a folder with CIFAR-10")
    return data_folder
