"""The histories of all runs in one table."""

import pandas as pd

from moco_bench.report.read.histories import RUN, kept_masses, last_epochs, read_histories
from moco_bench.report.read.results import load_results


def test_a_failed_runs_last_epoch_is_no_end_of_training(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(2), failed=("dual/seed1",)))
    assert ("dual", 1) in set(zip(results.histories["arm"], results.histories["seed"], strict=True))
    last = last_epochs(results.histories)
    assert ("dual", 1) not in set(zip(last["arm"], last["seed"], strict=True))
    assert set(last["epoch"]) == {12}


def test_histories_of_unlike_columns_are_joined_and_damaged_ones_are_named(tmp_path):
    texts = {
        "a": "epoch,loss\n1,2.5\n2,1.5\n",
        "b": "epoch,loss,kept_mass\n1,3.5,0.5\n",
        "twice": "epoch,loss\n1,2.5\n1,1.5\n",
        "other": "step,loss\n1,2.5\n",
        "absent": None,
    }
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        if text is not None:
            (tmp_path / name / "history.csv").write_text(text)
    runs = pd.DataFrame({**{column: list(texts) for column in RUN}, "directory": list(texts)})

    table, damaged = read_histories(tmp_path, runs)

    assert table[["arm", "epoch", "loss"]].values.tolist() == [["a", 1, 2.5], ["a", 2, 1.5], ["b", 1, 3.5]]
    assert table["kept_mass"].fillna(-1).tolist() == [-1, -1, 0.5]
    assert sorted(damaged) == ["other/history.csv", "twice/history.csv"]


def test_only_filters_keep_a_part_of_the_mass():
    last = pd.DataFrame({"arm": ["vanilla", "filter", "filter"], "kept_mass": [1.0, 0.4, 0.6]})

    assert kept_masses(last) == {"filter": 0.5}
    assert kept_masses(last[["arm"]]) == {}
