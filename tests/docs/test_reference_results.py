"""Reference results lie where no run writes, so that a working tree is clean after `make report`."""

import csv
import json
import re
import shutil
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_nothing_that_a_run_writes_is_committed():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    made = ["git", "ls-files", "results", "reports", "logs", "data", "checkpoints"]
    tracked = subprocess.run(made, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert tracked == ["reports/README.md", "results/README.md"]


@pytest.mark.parametrize("suite", sorted(path.name for path in (ROOT / "docs" / "results").iterdir() if path.is_dir()))
def test_each_has_its_table_of_runs_and_its_suite(suite):
    files = {path.name for path in (ROOT / "docs" / "results" / suite).iterdir()}
    assert {"runs.csv", "suite.yaml", "effects.csv", "claims.csv"} <= files


def test_the_quickstarts_page_has_at_most_4000_words():
    page = (ROOT / "docs" / "results" / "quickstart" / "report" / "report.html").read_text(encoding="utf-8")
    without_drawings = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    words = re.sub(r"<[^>]+>", " ", without_drawings).split()
    assert 2000 < len(words) <= 4000


def test_the_quickstarts_encoder_has_learnt_more_than_pixels_and_its_own_start_show():
    """Three seeds; kNN at least 3 points above both baselines, the probe at least 15."""
    folder = ROOT / "docs" / "results" / "quickstart"
    with open(folder / "runs.csv", encoding="utf-8", newline="") as table:
        vanilla = [row for row in csv.DictReader(table) if row["arm"] == "vanilla"]
    floors = json.loads((folder / "floors" / "fashion-scenes-5k.json").read_text(encoding="utf-8"))
    (untrained,) = floors["random_encoder"].values()
    assert len(vanilla) == len(untrained) == 3
    for metric, margin in (("knn_top1", 3), ("linear_top1", 15)):
        learnt = statistics.mean(float(row[metric]) for row in vanilla)
        start = statistics.mean(values[metric] for values in untrained.values())
        assert learnt >= max(floors["pixels"][metric], start) + margin
