"""Tables of the analysis as files."""

import pandas as pd

from moco_bench.analyse.write import analyse, write_table


def test_numbers_have_ten_digits_and_truth_values_are_in_lower_case(tmp_path):
    write_table(tmp_path / "a.csv", pd.DataFrame({"x": [1 / 3, 2.0], "done": [True, False], "name": ["a,b", ""]}))
    assert (tmp_path / "a.csv").read_text() == 'x,done,name\n0.3333333333,true,"a,b"\n2,false,\n'


def test_a_table_that_has_no_rows_any_more_goes(tmp_path, raw_runs):
    write_table(tmp_path / "runs.csv", raw_runs(3))
    for name in ("classes.csv", "pooled.csv"):
        (tmp_path / name).write_text("of an earlier analysis\n")
    effects, claims, plan = analyse(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["claims.csv", "effects.csv", "runs.csv"]
    assert len(pd.read_csv(tmp_path / "effects.csv")) == len(effects) > 0
    assert claims.empty
    assert plan.suite is None
