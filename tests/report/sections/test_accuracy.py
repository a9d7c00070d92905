"""Differences by class: the largest of `classes.csv` first."""

import pandas as pd
import pytest

from moco_bench.analyse.images import CLASS_COLUMNS
from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.accuracy import classes_table


@pytest.fixture
def path(tmp_path, synthetic):
    return synthetic.write_results(tmp_path, synthetic.suite_values(1))


def classes(path, effects, metric="knn_top1", budget="epochs"):
    (dataset,), (encoder,) = (load_results(path).runs[name].unique() for name in ("dataset", "encoder"))
    rows = [
        (dataset, encoder, budget, metric, effect, place, size, size - 1, size + 1, 3, 100)
        for effect, sizes in effects.items()
        for place, size in enumerate(sizes)
    ]
    return pd.DataFrame(rows, columns=list(CLASS_COLUMNS))


def shown(path):
    return classes_table(load_results(path), Links(path, path / "report"))


def test_the_largest_differences_of_arms_to_the_baseline_come_first(path):
    table = classes(path, {"dual-vanilla": [2.0, -20.0], "both-vanilla": [-1.0, 1.5], "both-dual": [50.0, 60.0]})
    others = classes(path, {"dual-vanilla": [90.0]}, metric="linear_top1")
    pd.concat([table, others]).to_csv(path / "classes.csv", index=False)
    frame = shown(path).frame()
    assert frame["estimate"].tolist() == [-20.0, 2.0, 1.5, -1.0], "simple effects and other metrics aren't shown"
    assert frame["arm"].tolist() == ["dual", "dual", "both", "both"]
    assert frame["interval"][0] == "[\u221221.0, \u221219.0]"


def test_only_the_largest_are_shown(path):
    classes(path, {"dual-vanilla": list(range(30))}).to_csv(path / "classes.csv", index=False)
    assert shown(path).frame()["estimate"].tolist() == [float(size) for size in range(29, 19, -1)]


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n", "\x00"])
def test_without_a_file_that_can_be_used_there_is_no_table(path, content):
    if content is not None:
        (path / "classes.csv").write_text(content)
    assert shown(path) is None
