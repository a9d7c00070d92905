"""Results that commands are called on: a table of runs by itself, and one finished run of the smoke suite."""

from pathlib import Path

import pytest

from moco_bench.cli.main import main

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"
RUN = "digits/resnet-compact/both/seed0"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Sixteen runs of a 2x2 with four seeds, and nothing beside their table."""
    folder = tmp_path / "results" / "s"
    folder.mkdir(parents=True)
    rows = [
        f"{arm},d,e,{seed},done,{60 + seed + gain + 0.01 * seed * gain}"
        for arm, gain in (("vanilla", 0), ("dual", 2), ("filter", -1), ("both", 1))
        for seed in range(4)
    ]
    (folder / "runs.csv").write_text("\n".join(["arm,dataset,encoder,seed,status,knn_top1", *rows]))
    return folder


@pytest.fixture(scope="session")
def smoke_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with one finished run of the smoke suite."""
    folder = tmp_path_factory.mktemp("results")
    where = ["--results", str(folder)]
    assert main(["prepare", str(SMOKE), "--dataset", "digits", *where]) == 0
    assert main(["pretrain", str(SMOKE), "--run", RUN, *where]) == 0
    assert main(["evaluate", str(SMOKE), "--run", RUN, *where]) == 0
    return folder
