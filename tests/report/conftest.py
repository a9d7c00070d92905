"""Synthetic results for the tests of the report; `tests/browser` and `tests/analyse` use the same generators."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from moco_bench.report.write import write_report


def load_generator(name: str) -> ModuleType:
    """A module beside this file, which no test may import by name: test folders aren't packages."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
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


@pytest.fixture(scope="module")
def profiled_directory(tmp_path_factory: pytest.TempPathFactory, synthetic: Any, synthetic_profile: Any) -> Path:
    """Results of three seeds, and a profile."""
    path: Path = synthetic.write_results(tmp_path_factory.mktemp("profiled"), synthetic.suite_values(3))
    synthetic_profile.write_profile(path)
    return path


@pytest.fixture(scope="session")
def outline() -> Callable[[Path], Any]:
    """`outline(path)`: the page's tags, links and text."""
    return load_generator("page_outline").outline  # type: ignore[no-any-return]


@pytest.fixture
def write_quickly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Path], Path]:
    """`write_report` with figures that are computed but not drawn: most of the time goes into drawing."""
    monkeypatch.setattr("moco_bench.report.render.figures.as_svg", lambda plot: "<svg viewBox='0 0 1 1'></svg>")
    monkeypatch.setattr("moco_bench.report.render.figures.as_png", lambda plot: b"")
    return write_report
