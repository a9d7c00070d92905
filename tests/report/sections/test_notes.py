"""The sentences beside tables: cost in one voice, pairs, equal compute, the probe's grid, what filters keep."""

import dataclasses
import json

import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.accuracy import accuracy_table, probe_notes
from moco_bench.report.sections.claims import claims_notes, claims_table, registration_note
from moco_bench.report.sections.cost import cost_table, process_memory_notes, speed_notes
from moco_bench.report.sections.effects.notes import equal_compute_notes
from moco_bench.report.sections.effects.tables import budgets_table, compute_effects_table, effects_table
from moco_bench.report.sections.first_screen.notes import first_screen_cost
from moco_bench.report.sections.mechanism.figures import false_negative_figure
from moco_bench.report.sections.mechanism.notes import mechanism_notes
from moco_bench.report.sections.seeds import differences_table, pairing_notes

ALL = ("seed0", "seed1", "seed2")


def cost_of(path):
    return " ".join(note.text for note in first_screen_cost(load_results(path), Links(path, path / "report")))


def test_cost_with_a_profile_speaks_of_the_profile_alone(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3), foreign=ALL)
    synthetic_profile.write_profile(path)
    said = cost_of(path)
    assert "A training step of vanilla takes 75 ms" in said
    assert "not reported" not in said
    assert "times the peak memory" not in said
    assert "peak memory of the process" not in said.lower()


def test_cost_without_a_profile_shows_the_spread_of_memory(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    said = cost_of(path)
    assert "Speed relative to vanilla: dual 0.9" in said
    own = load_results(path).finished
    mean, spread = (own.loc[own["arm"] == "both", "peak_memory_mib"].agg(f) for f in ("mean", "std"))
    assert f"both {mean:.0f} \u00b1 {spread:.0f} MiB" in said


def test_runs_that_shared_the_machine_report_no_speed(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3), foreign=ALL)
    results = load_results(path)
    (first,), (second,) = speed_notes(results), process_memory_notes(results)
    assert "speeds are not reported" in first
    assert second.startswith("Peak memory of the process")


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


@pytest.fixture
def with_budgets(tmp_path, synthetic):
    def write(arms, costs=None):
        values = {**synthetic.suite_values(3), "budgets": ["epochs", "flops"]}
        values["arms"] = {name: values["arms"][name] for name in arms}
        if "filter" in arms:
            values["contrasts"] = {"mine": ["dual", "filter"]}
        costs = costs or {"dual": 2.0, "filter": 1.01}
        return synthetic.write_results(tmp_path / "-".join(arms), values, costs=costs)

    return write


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


def test_budgets_are_the_costs_and_what_they_leave(with_budgets):
    path = with_budgets(["vanilla", "dual", "filter"])
    table = budgets_table(load_results(path), Links(path, path / "report"))
    frame = table.frame().set_index("arm")
    assert frame.loc["dual", "relative"] == 2.0
    assert frame.loc["dual", ["declared_epochs", "epochs"]].tolist() == [12, 6]
    assert frame.loc["dual", "compute"] == pytest.approx(1.0)
    assert frame.loc["dual", "runs"] == "of their own"
    assert frame.loc["filter", "epochs"] == 12
    assert frame.loc["filter", "runs"] == "those at equal epochs"
    assert table.source.title == "costs.json"
    runs = load_results(path).runs
    assert (runs.loc[(runs["arm"] == "dual") & (runs["budget"] == "flops"), "epochs"] == 6).all()


def test_without_budgets_there_is_no_table_of_them(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(1))
    results = load_results(path)
    assert budgets_table(results, Links(path, path)) is None
    assert equal_compute_notes(results, compute_of(results)) == []


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
    assert (verdicts == "not decided by this suite").sum() == 14, "7 claims at two budgets"
    assert "7 not decided, 1 not tested" in claims_notes(results, links)[0].text
    assert len(claims_table(results, links).rows) == 8
    assert pairing_notes(results)[0].startswith("3 of 3 seeds are proven to be paired")


def test_runs_that_serve_at_two_budgets_are_shown_and_counted_once(with_budgets):
    path = with_budgets(["vanilla", "dual", "filter", "both"], {"dual": 1.004, "filter": 1.0, "both": 1.004})
    choose(path, [100.0] * 21)
    results, links = load_results(path), Links(path, path / "report")
    assert "the largest, 100, in 12 of 12 runs" in probe_notes(results, links)[0].text
    for build in (accuracy_table, cost_table, differences_table):
        table = build(results, links)
        assert table.caption.endswith(" The same runs serve at equal FLOPs."), table.name
        assert "budget" not in [column.name for column in table.columns]
    assert len(accuracy_table(results, links).rows) == 6, "four arms, two floors"
    assert len(differences_table(results, links).rows) == 3


def test_runs_of_their_own_at_equal_compute_are_shown_beside_the_others(with_budgets):
    results = load_results(path := with_budgets(["vanilla", "dual", "filter"]))
    table = accuracy_table(results, Links(path, path / "report"))
    assert set(table.frame()["budget"]) == {"epochs", "flops"}
    assert "serve" not in table.caption


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


def choose(path, rates):
    places = sorted(path.glob("runs/*/*/*/seed*/metrics.json"))
    for place, rate in zip(places, rates, strict=False):
        place.write_text(json.dumps({**json.loads(place.read_text()), "linear_c": rate}))


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ([100.0] * 4 + [1.0] * 8, "the largest, 100, in 4 of 12 runs"),
        ([1e-4] + [1.0] * 11, "the smallest, 0.0001, in 1 of 12 runs"),
        ([1e-4, 100.0] + [1.0] * 10, "the smallest, 0.0001, in 1 of 12 runs and the largest, 100, in 1 of 12 runs"),
        ([3.0] * 12, None),
        ([None] * 12, None),
    ],
)
def test_a_probe_at_the_edge_of_its_grid_is_named(tmp_path, synthetic, rates, said):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    choose(path, rates)
    notes = probe_notes(load_results(path), Links(path, path / "report"))
    if said is None:
        assert notes == ()
    else:
        assert said in notes[0].text
        assert notes[0].sources[0].title.endswith("/metrics.json")


def test_a_grid_of_one_has_no_edges(tmp_path, synthetic):
    values = {**synthetic.suite_values(1), "evaluate": {"probe": {"c_values": [0.3]}}}
    path = synthetic.write_results(tmp_path, values)
    choose(path, [0.3] * 4)
    assert probe_notes(load_results(path), Links(path, path)) == ()


def test_what_a_filter_keeps_is_said_and_not_taken_for_an_effect(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(3)))
    (note,) = mechanism_notes(results)
    ends = results.histories.groupby("arm")["false_negative_rate_kept"].apply(lambda rates: rates.iloc[-1])
    assert note.startswith("At the last epoch a fraction of 0.10 of vanilla")
    assert f"filter raises it to {ends['filter']:.2f}" in note
    assert "dual does not change it" in note
    assert "accuracy" not in note


def test_a_filter_that_keeps_nearly_all_of_the_softmax_mass_is_said_to_hardly_filter(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(2)))
    kept = {"vanilla": 1.0, "dual": 1.0, "filter": 0.91, "both": 0.4}
    histories = results.histories.assign(kept_mass=results.histories["arm"].map(kept))
    (note,) = mechanism_notes(dataclasses.replace(results, histories=histories))
    assert "the kept ones hold 91 % in filter and 40 % in both. So filter hardly filters." in note


def test_the_epoch_that_mixes_warm_up_and_filter_is_marked(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(2)))
    unmarked = false_negative_figure(results)
    assert "warm-up" not in unmarked.caption
    filters, epoch = results.histories["arm"].isin(["filter", "both"]), results.histories["epoch"]
    share = (filters * ((epoch == 1) * 1.0 + (epoch == 2) * 0.4)).where(filters)
    marked = dataclasses.replace(results, histories=results.histories.assign(warmup_share=share))
    said = mechanism_notes(marked)[-1]
    assert said.startswith("In epoch 2 of filter and both the filter\u2019s warm-up ended")
    assert len(mechanism_notes(marked)) == len(mechanism_notes(results)) + 1, "epoch 1 is warm-up alone"
    figure = false_negative_figure(marked)
    assert "Shaded: the epoch in which" in figure.caption
    shaded = [patch for panel in figure.figure.axes for patch in panel.patches]
    assert [patch.get_x() for patch in shaded] == [1.5] * len(figure.figure.axes)


def test_runs_that_were_started_under_other_rules_are_named(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    results = load_results(path)
    assert registration_note(results) == "All 8 runs were started under this analysis."
    places = sorted(results.records)
    changed = {**results.records[places[0]], "analysis_fingerprint": "0" * 64}
    older = {name: value for name, value in results.records[places[1]].items() if name != "analysis_fingerprint"}
    records = {**results.records, places[0]: changed, places[1]: older}
    note = registration_note(dataclasses.replace(results, records=records))
    assert "1 of 8 runs was started under another analysis" in note
    assert places[0].removeprefix("runs/") in note
    assert "1 of 8 runs doesn\u2019t say under which analysis" in note


def test_runs_of_a_bare_table_say_nothing_about_registration(tmp_path):
    pd.DataFrame({"arm": ["a"], "dataset": ["d"], "encoder": ["e"], "seed": [0], "status": ["done"]}).to_csv(
        tmp_path / "runs.csv", index=False
    )
    assert registration_note(load_results(tmp_path)) == ""
