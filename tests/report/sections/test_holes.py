"""Missing and failed runs."""

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.holes import holes_table


def test_missing_runs_of_an_arm_stand_in_one_row_and_failed_ones_alone(tmp_path, synthetic):
    path = synthetic.write_results(
        tmp_path, synthetic.suite_values(6), missing=("both/seed1", "both/seed2", "both/seed5"), failed=("both/seed3",)
    )
    table = holes_table(load_results(path), Links(path, path))
    assert [(row[1].text, bool(row[1].href)) for row in table.rows] == [("1 to 2, 5", False), ("3", True)]


def test_a_hole_says_which_seeds_and_why(loaded):
    holes = holes_table(*loaded).frame().set_index("arm")
    assert holes.loc["filter", ["seeds", "status"]].tolist() == ["2", "failed"]
    assert holes.loc["both", ["seeds", "reason"]].tolist() == ["3", "not run yet"]
