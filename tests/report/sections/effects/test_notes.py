"""The sentence on effects at equal compute."""

from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.effects.notes import equal_compute_notes


def test_equal_compute_of_a_2x2_shows_its_effects(with_budgets):
    results = load_results(with_budgets(["vanilla", "dual", "filter", "both"]))
    (note,) = equal_compute_notes(results, compute_of(results))
    assert note.startswith("At equal FLOPs: dual against vanilla ")
    assert note.index("both against filter ") < note.index("dual-view loss ") < note.index("interaction")
    assert "both against vanilla" not in note
    assert "interaction" in note
    effects = results.effects.set_index(["metric", "budget", "effect"])
    assert f"{effects.loc[('knn_top1', 'flops', 'dual_view'), 'estimate']:+.2f}" in note
    assert note.count("suggests") == note.count("not significant")


def test_equal_compute_without_a_2x2_shows_arms_and_the_suites_own(with_budgets):
    results = load_results(with_budgets(["vanilla", "dual", "filter"]))
    (note,) = equal_compute_notes(results, compute_of(results))
    assert "dual against vanilla +" in note
    assert "mine +" in note
