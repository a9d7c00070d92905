"""Which runs are pairs, and the differences of each seed."""

import pytest

from moco_bench.report.read.results import load_results
from moco_bench.report.sections.seeds import differences_table, pairing_notes


def test_differences_are_those_of_the_seed(loaded):
    table = differences_table(*loaded).frame().set_index("seed")
    by_arm = loaded[0].finished.pivot(index="seed", columns="arm", values="knn_top1")
    assert table.loc[0, "dual-vanilla"] == pytest.approx(by_arm.loc[0, "dual"] - by_arm.loc[0, "vanilla"])
    assert table.loc[[1, 2, 3], "dual_view"].isna().all(), "another stream, a failure, a hole"


def test_a_seed_with_one_odd_arm_still_serves_the_others(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3), shifted=("dual/seed1",))
    results = load_results(path)
    (note,) = pairing_notes(results)
    assert "2 of 3 seeds are proven to be paired" in note
    assert "1 of 3 seeds is not paired in all arms" in note
    assert "Comparisons between arms that agree use such a seed, the others leave it out" in note
    used = results.effects[results.effects["metric"] == "knn_top1"].set_index("effect")["n_seeds"]
    assert used["filter-vanilla"] == used["both-vanilla"] == 3, "as the note says"
    assert used["dual-vanilla"] == 2
