"""Where the same runs serve at equal epochs and at equal compute, the page says so once."""

import pandas as pd

from moco_bench.report.model.links import Links
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.claims import claims_notes, claims_table
from moco_bench.report.sections.effects.notes import equal_compute_notes
from moco_bench.report.sections.effects.tables import budgets_table, compute_effects_table, effects_table
from moco_bench.report.sections.seeds import pairing_notes


def test_arms_as_dear_as_the_baseline_are_compared_once(with_budgets):
    path = with_budgets(["vanilla", "dual", "filter", "both"], {"dual": 1.004, "filter": 1.0, "both": 1.004})
    results, links = load_results(path), Links(path, path / "report")
    compute = compute_of(results)
    (said,) = equal_compute_notes(results, compute)
    assert said.startswith("All arms are within 5 % of vanilla")
    assert said.endswith("so equal epochs is also equal FLOPs.")
    assert budgets_table(results, links) is None
    at_epochs, at_operations = effects_table(results, links), compute_effects_table(results, links)
    assert (at_epochs.title, at_operations.title) == (
        "Effects on kNN accuracy at equal epochs",
        "Effects at equal FLOPs",
    )
    assert (
        at_epochs.frame()
        .drop(columns="budget", errors="ignore")
        .equals(at_operations.frame().drop(columns="budget", errors="ignore"))
    ), "with the same pairs, and as well proven"
    verdicts = results.claims["verdict"]
    assert (verdicts == "inconclusive").sum() == 14, "7 claims at two budgets"
    assert "7 inconclusive, 1 not tested" in claims_notes(results, links)[0].text
    assert len(claims_table(results, links).rows) == 8
    assert pairing_notes(results)[0].startswith("3 of 3 seeds are proven to be paired")


def test_a_profile_says_whether_equal_epochs_are_equal_compute(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    work = pd.read_csv(path / "profile" / "work.csv")
    flops = {"vanilla": 1e9, "dual": 1.003e9, "filter": 1e9, "both": 1.2e9}
    work.loc[work["part"] == "step", "flops"] = work["arm"].map(flops)
    work.to_csv(path / "profile" / "work.csv", index=False)
    results, links = load_results(path), Links(path, path / "report")
    table = budgets_table(results, links)
    assert table.frame()["runs"].tolist() == ["those at equal epochs"] * 2 + ["none"]
    assert table.source.title == "profile/work.csv"
    assert equal_compute_notes(results, compute_of(results)) == [], "not all of the comparison is one at equal compute"
