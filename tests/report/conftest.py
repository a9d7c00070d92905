"""What tests of the report share, beside the synthetic results of `tests/conftest.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moco_bench.report.write import write_report


@pytest.fixture(scope="module")
def profiled_directory(tmp_path_factory: pytest.TempPathFactory, synthetic: Any, synthetic_profile: Any) -> Path:
    """Results of three seeds, and a profile."""
    path: Path = synthetic.write_results(tmp_path_factory.mktemp("profiled"), synthetic.suite_values(3))
    synthetic_profile.write_profile(path)
    return path


@pytest.fixture
def write_quickly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Path], Path]:
    """`write_report` with figures that are computed but not drawn: most of the time goes into drawing."""
    monkeypatch.setattr("moco_bench.report.render.figures.as_svg", lambda plot: "<svg viewBox='0 0 1 1'></svg>")
    monkeypatch.setattr("moco_bench.report.render.figures.as_png", lambda plot: b"")
    return write_report
