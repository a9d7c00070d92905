import pandas as pd
import pytest

from moco_bench.analyse.table import COLUMNS, REQUIRED, cells, finished, read_runs, typed
from moco_bench.analyse.write import write_table
from moco_bench.errors import InputError


def test_what_was_written_is_read_back(tmp_path, runs_of):
    runs = runs_of(3)
    write_table(tmp_path / "runs.csv", runs)
    pd.testing.assert_frame_equal(read_runs(tmp_path / "runs.csv"), runs, check_like=True)


def test_columns_that_may_be_absent_are_added(raw_runs):
    runs = typed(raw_runs(2)[[*REQUIRED, "knn_top1"]], "x")
    assert set(COLUMNS) <= set(runs.columns)
    assert set(runs["budget"]) == {"epochs"}
    assert set(runs["replicate"]) == {1}
    assert runs["linear_top1"].isna().all()
    assert not runs["exclusive"].any()


def test_the_fixed_columns_stand_first_and_in_order():
    assert COLUMNS[:6] == ("suite", "arm", "dataset", "encoder", "seed", "status")


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_column_is_one_line(raw_runs, name):
    with pytest.raises(InputError, match=f"column {name} missing") as caught:
        typed(raw_runs(1).drop(columns=name), "runs.csv")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("knn_top1", "many", "line 2: knn_top1 is 'many'"),
        ("knn_top1", "inf", "finite number"),
        ("knn_top1", "140", "outside 0 to 100"),
        ("linear_top1", "-3", "outside 0 to 100"),
        ("seed", "one", "seed is 'one'"),
        ("seed", "", "whole numbers"),
        ("seed", "1.5", "whole numbers"),
        ("status", "maybe", "status is 'maybe'"),
        ("budget", "dollars", "budget is 'dollars'"),
        ("seed", "1", "stands there twice"),
    ],
)
def test_damage_is_named(raw_runs, column, value, message):
    raw = raw_runs(2)
    raw.loc[0, column] = value
    with pytest.raises(InputError, match=message) as caught:
        typed(raw, "runs.csv")
    assert "\n" not in str(caught.value)


def test_not_a_table(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_runs(tmp_path / "runs.csv")
    (tmp_path / "runs.csv").write_bytes(b"\xff\xfe\x00a,b")
    with pytest.raises(InputError, match="not readable"):
        read_runs(tmp_path / "runs.csv")
    (tmp_path / "runs.csv").write_text("")
    with pytest.raises(InputError, match="not readable"):
        read_runs(tmp_path / "runs.csv")
    (tmp_path / "runs.csv").write_text('a,b\n1,2,3,4\n"')
    with pytest.raises(InputError, match="not readable"):
        read_runs(tmp_path / "runs.csv")


def test_only_done_first_replicates_count(raw_runs):
    raw = raw_runs(2, replicates=2)
    raw.loc[0, "status"] = "failed"
    runs = typed(raw, "x")
    assert len(finished(runs)) == 2 * 4 - 1
    assert [key for key, _ in cells(runs)] == [("cifar10", "e", "epochs")]
