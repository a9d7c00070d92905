"""What tests of the report share, beside the synthetic results of `tests/conftest.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import Results, load_results
from moco_bench.report.write import write_report


@pytest.fixture(scope="session")
def four_seeds(tmp_path_factory: pytest.TempPathFactory, synthetic: Any) -> Results:
    """Results of four seeds, one run of which had not the machine to itself."""
    path = tmp_path_factory.mktemp("four-seeds")
    return load_results(synthetic.write_results(path, synthetic.suite_values(4), foreign=("dual/seed0",)))


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory, synthetic: Any) -> tuple[Results, Links]:
    """Results of four seeds, one repeated, with a missing run, a failed, a disturbed and an unpaired one."""
    path = synthetic.write_results(
        tmp_path_factory.mktemp("with-holes"), {**synthetic.suite_values(4), "repeat_seeds": [0]},
        missing=("both/seed3",), failed=("filter/seed2",), foreign=("dual/seed0",), shifted=("dual/seed1",),
    )  # fmt: skip
    return load_results(path), Links(path, path / "report")


@pytest.fixture
def with_budgets(tmp_path: Path, synthetic: Any) -> Callable[..., Path]:
    """A function that writes results of these arms at equal epochs and at equal FLOPs."""

    def write(arms: list[str], costs: dict[str, float] | None = None) -> Path:
        values = {**synthetic.suite_values(3), "budgets": ["epochs", "flops"]}
        values["arms"] = {name: values["arms"][name] for name in arms}
        if "filter" in arms:
            values["contrasts"] = {"mine": ["dual", "filter"]}
        costs = costs or {"dual": 2.0, "filter": 1.01}
        path: Path = synthetic.write_results(tmp_path / "-".join(arms), values, costs=costs)
        return path

    return write


@pytest.fixture(scope="session")
def profiled_directory(tmp_path_factory: pytest.TempPathFactory, synthetic: Any, synthetic_profile: Any) -> Path:
    """Results of three seeds, and a profile."""
    path: Path = synthetic.write_results(tmp_path_factory.mktemp("profiled"), synthetic.suite_values(3))
    synthetic_profile.write_profile(path)
    return path


@pytest.fixture(scope="session")
def results(profiled_directory: Path) -> Results:
    """Those results, read."""
    return load_results(profiled_directory)


@pytest.fixture(scope="session")
def links(profiled_directory: Path) -> Links:
    """Links from their report."""
    return Links(profiled_directory, profiled_directory / "report")


@pytest.fixture
def write_quickly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Path], Path]:
    """`write_report` with figures that are computed but not drawn: most of the time goes into drawing."""
    monkeypatch.setattr("moco_bench.report.render.figures.as_svg", lambda plot: "<svg viewBox='0 0 1 1'></svg>")
    monkeypatch.setattr("moco_bench.report.render.figures.as_png", lambda plot: b"")
    return write_report
