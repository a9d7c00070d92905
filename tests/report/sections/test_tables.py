import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest

from moco_bench.analyse.published import COMPARED_SETTINGS, published
from moco_bench.analyse.text import ABSENT
from moco_bench.measure.machine import describe_machine, describe_versions
from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.accuracy import accuracy_table
from moco_bench.report.sections.claims import claims_table
from moco_bench.report.sections.cost import cost_table
from moco_bench.report.sections.effects.tables import certainty_table, effects_table, further_effects_table
from moco_bench.report.sections.holes import holes_table
from moco_bench.report.sections.mechanism.tables import mechanism_table
from moco_bench.report.sections.published import address_of, published_table
from moco_bench.report.sections.runs import machines_table, runs_table
from moco_bench.report.sections.seeds import differences_table
from moco_bench.report.sections.trust import noise_table, pairing_table
from moco_bench.suite.identity.run import pretraining_identity
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand
from moco_bench.suite.strict_yaml import read_yaml

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, synthetic):
    root = tmp_path_factory.mktemp("tables")
    values = {**synthetic.suite_values(4), "repeat_seeds": [0]}
    path = synthetic.write_results(
        root,
        values,
        missing=("both/seed3",),
        failed=("filter/seed2",),
        foreign=("dual/seed0",),
        shifted=("dual/seed1",),
    )
    return load_results(path), Links(path, root / "out")


def frame(build, loaded):
    return build(*loaded).frame()


def test_accuracy_is_mean_and_standard_deviation(loaded):
    table = frame(accuracy_table, loaded).set_index("arm")
    runs = loaded[0].finished.groupby("arm")["knn_top1"]
    assert table.loc["dual", "knn_top1"] == pytest.approx(runs.mean()["dual"])
    assert table.loc["dual", "knn_top1_sd"] == pytest.approx(runs.std()["dual"])
    assert table.loc["raw pixels", "knn_top1"] == 77.5
    assert table.loc["untrained encoder", "n"] == 3
    shown = {row[0].text: row[1].text for row in accuracy_table(*loaded).rows}
    assert shown["both"] == "3 of 4"


def test_differences_are_those_of_the_seed(loaded):
    table = frame(differences_table, loaded).set_index("seed")
    by_arm = loaded[0].finished.pivot(index="seed", columns="arm", values="knn_top1")
    assert table.loc[0, "dual-vanilla"] == pytest.approx(by_arm.loc[0, "dual"] - by_arm.loc[0, "vanilla"])
    assert table.loc[[1, 2, 3], "dual_view"].isna().all(), "another stream, a failure, a hole"


def test_every_run_is_listed_with_its_source(loaded):
    table = runs_table(*loaded)
    assert len(table.rows) == 20
    by_status = {row[2].text: row for row in table.rows}
    assert by_status["done"][3].href.endswith("metrics.json")
    assert by_status["missing"][3].href == ""


def test_speed_leaves_disturbed_runs_out(loaded):
    table = frame(cost_table, loaded).set_index("arm")
    assert table.loc["dual", "quiet_runs"] == 3
    assert table.loc["vanilla", "relative_speed"] == 1
    runs = loaded[0].finished
    quiet = runs[runs["exclusive"]].groupby("arm")["images_per_second"].mean()
    assert table.loc["dual", "relative_speed"] == pytest.approx(quiet["dual"] / quiet["vanilla"])
    memory = runs.groupby("arm")["peak_memory_mib"].mean()
    assert table.loc["both", "relative_memory"] == pytest.approx(memory["both"] / memory["vanilla"])


def test_where_no_run_was_alone_there_are_no_speeds(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2), foreign=("seed0", "seed1"))
    table = cost_table(load_results(path), Links(path, tmp_path / "out"))
    names = [column.name for column in table.columns]
    assert names == ["arm", "peak_memory_mib", "relative_memory", "memory_source", "quiet_runs"]
    assert all(len(row) == len(names) for row in table.rows)
    assert "No run had the machine to itself" in table.caption


def test_effects_are_the_primary_metrics_and_the_others_fold(loaded):
    effects = loaded[0].effects
    for build in (effects_table, certainty_table):
        assert len(frame(build, loaded)) == (effects["metric"] == "knn_top1").sum()
    assert {"estimate", "interval", "p_value", "p_holm"} <= set(frame(effects_table, loaded))
    assert effects_table(*loaded).caption.startswith("Percentage points. ")
    others = [column.title for column in further_effects_table(*loaded).columns[1:]]
    assert others == ["kNN, projection", "Linear probe", "kNN, corrupted"]


def test_equivalence_stands_with_its_correction_and_its_interval(loaded):
    table = frame(certainty_table, loaded)
    effects = loaded[0].effects
    one = effects[(effects["metric"] == "knn_top1") & (effects["effect"] == "dual-vanilla")].iloc[0]
    row = table[table["effect"] == "dual-vanilla"].iloc[0]
    assert row["p_equivalence_holm"] == one["p_equivalence_holm"]
    assert row["equivalence_interval"] == f"[{one['equivalence_low']:+.2f}, {one['equivalence_high']:+.2f}]".replace(
        "-", "\u2212"
    )
    assert "Equivalence within 1 point, by" in certainty_table(*loaded).caption


def test_other_declared_metrics_have_a_table_in_their_own_units(tmp_path, synthetic):
    values = {**synthetic.suite_values(8), "analysis": {"metrics": ["linear_top1", "uniformity", "peak_memory_mib"]}}
    path = synthetic.write_results(tmp_path, values)
    results, links = load_results(path), Links(path, path)
    table, effects = further_effects_table(results, links), results.effects
    assert [column.title for column in table.columns] == ["Effect", "Linear probe", "Uniformity", "Peak memory"]
    assert "Peak memory in MiB" in table.caption
    assert "Uniformity without a unit" in table.caption
    (row,) = (row for row in table.rows if row[0].text == "Dual-view loss")
    for place, metric in ((2, "uniformity"), (3, "peak_memory_mib")):
        own = effects[(effects["metric"] == metric) & (effects["effect"] == "dual_view")].iloc[0]
        assert row[place].value == own["estimate"]
        assert row[place].text.endswith(" *") == (own["finding"] in ("higher", "lower"))


def test_a_table_of_mixed_metrics_says_what_is_in_what(tmp_path, synthetic):
    values = {**synthetic.suite_values(3), "analysis": {"primary": "uniformity", "metrics": ["knn_top1"]}}
    path = synthetic.write_results(tmp_path, values)
    results, links = load_results(path), Links(path, path)
    assert effects_table(results, links).caption.startswith("Uniformity without a unit. ")
    assert further_effects_table(results, links).caption.startswith("Percentage points. ")
    assert "within 5 % of the control's value, by" in certainty_table(results, links).caption


def test_claims_carry_units_and_readings(loaded):
    table = claims_table(*loaded)
    by_claim = {row[0].text: row for row in table.rows}
    memory = by_claim["The framework needs less memory."]
    assert " MiB [" in memory[2].text
    assert memory[3].text.startswith("Peak memory of training")
    assert by_claim["The approach carries over to other domains such as language."][1].text == "not tested"


def test_missing_runs_of_an_arm_stand_in_one_row_and_failed_ones_alone(tmp_path, synthetic):
    path = synthetic.write_results(
        tmp_path, synthetic.suite_values(6), missing=("both/seed1", "both/seed2", "both/seed5"), failed=("both/seed3",)
    )
    table = holes_table(load_results(path), Links(path, path))
    assert [(row[1].text, bool(row[1].href)) for row in table.rows] == [("1 to 2, 5", False), ("3", True)]


def test_a_claim_on_counted_bytes_has_no_interval(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    synthetic_profile.write_profile(path)
    table = claims_table(load_results(path), Links(path, path))
    (memory,) = (row for row in table.rows if row[0].text == "The framework needs less memory.")
    assert memory[2].text == "+1.8 MiB counted"
    assert memory[1].text == "depends on the implementation"
    assert "counted bytes" in memory[3].text


def test_mechanism_stands_beside_the_difference(loaded):
    table = frame(mechanism_table, loaded).set_index("arm")
    assert table.loc["filter", "false_negative_rate_kept"] > table.loc["vanilla", "false_negative_rate_kept"]
    assert table.loc["both", "accuracy_difference"] > 0
    assert {"alignment", "uniformity", "effective_rank", "positive_similarity"} <= set(table.columns)


def test_holes_noise_and_pairs(loaded):
    holes = frame(holes_table, loaded).set_index("arm")
    assert holes.loc["filter", ["seeds", "status"]].tolist() == ["2", "failed"]
    assert holes.loc["both", ["seeds", "reason"]].tolist() == ["3", "not run yet"]
    noise = frame(noise_table, loaded)
    assert set(noise["identical"]) == set(noise["identical_weights"]) == {1}
    pairs = frame(pairing_table, loaded).set_index("seed")
    assert pairs.loc[1, "paired"] == "not paired"
    assert pairs.loc[0, "paired"] == "proven"
    assert len(pairs.loc[1, "augment_hash"].split()) == 2


def test_equal_accuracy_of_other_weights_is_not_the_same_to_the_last_bit(tmp_path, synthetic):
    values = {**synthetic.suite_values(2), "repeat_seeds": [0]}
    path = synthetic.write_results(tmp_path, values, drifted=("dual/seed0-rep2",))
    table = noise_table(load_results(path), Links(path, path))
    by_arm = {row[0].text: row for row in table.rows}
    assert by_arm["dual"][2].text == "0 of 1"
    assert by_arm["dual"][2].tone == "bad"
    assert by_arm["dual"][3].value == 1, "the same kNN accuracy"
    assert by_arm["both"][2].text == "1 of 1"
    assert by_arm["both"][2].href.endswith("both/seed0-rep2/run.json")


def test_weights_that_were_not_recorded_prove_nothing(tmp_path, synthetic):
    values = {**synthetic.suite_values(1), "repeat_seeds": [0]}
    path = synthetic.write_results(tmp_path, values)
    for place in path.glob("runs/*/*/*/*/run.json"):
        record = json.loads(place.read_text())
        del record["hashes"]["encoder"]
        place.write_text(json.dumps(record))
    table = noise_table(load_results(path), Links(path, path))
    assert {row[2].text for row in table.rows} == {"not recorded"}


def test_machines_say_what_was_recorded(loaded):
    (row,) = machines_table(*loaded).frame().to_dict("records")
    assert row["moco_bench"] == "0.1.0"
    assert row["gpu"] == "2 \u00d7 Synthetic GPU"
    assert row["bfloat16_hardware"] == "amx"
    assert ABSENT not in row.values()


def test_the_synthetic_records_have_the_keys_of_real_ones(loaded):
    record = next(iter(loaded[0].records.values()))
    assert set(record["machine"]) == set(describe_machine())
    assert set(record["versions"]) == set(describe_versions())


def test_machines_are_told_apart(loaded):
    results, links = loaded
    table = machines_table(results, links)
    assert len(table.rows) == 1
    place = next(iter(results.records))
    odd = {**results.records[place], "machine": {"cpu": "Another", "memory_gib": "much"}, "versions": None}
    two = machines_table(dataclasses.replace(results, records={**results.records, place: odd}), links)
    assert [row[-1].value for row in two.rows] == [1, len(results.records) - 1]
    assert machines_table(dataclasses.replace(results, records={}), links) is None


def test_published_numbers_show_their_protocol(tmp_path, synthetic, loaded):
    assert published_table(*loaded) is None, "nobody is listed for these images"
    values = synthetic.suite_values(1)
    values["dataset"] = {"name": "cifar10", "label": "ten-classes"}
    path = synthetic.write_results(tmp_path, values)
    table = published_table(load_results(path), Links(path, tmp_path)).frame()
    assert len(table) == (published()["dataset"] == "cifar10").sum()
    assert set(COMPARED_SETTINGS) <= set(table.columns)
    assert table["cite"].str.contains("facebookresearch/moco@f7364915").any()
    assert 82.58 in set(table["top1"])
    cited = published_table(load_results(path), Links(path, tmp_path)).rows[0]
    assert {cell.href for cell in cited if cell.href} == {"https://github.com/facebookresearch/moco/tree/f7364915"}


@pytest.mark.parametrize(("reached", "verdict"), [(82.0, "passes"), (80.0, "fails")])
def test_runs_of_the_published_protocol_stand_beside_its_number(tmp_path, synthetic, reached, verdict):
    values = read_yaml(CONFIG / "cifar10.yaml")
    values |= {"seeds": 2, "repeat_seeds": [], "budgets": ["epochs"], "arms": {"vanilla": None}}
    values["train"]["epochs"] = 200
    results = load_results(synthetic.write_results(tmp_path, values))
    (run, *_) = expand(parse_suite(values, "test"))
    config = pretraining_identity(
        dataset=run.dataset, encoder=run.encoder, contrast=run.contrast, train=run.train, seed=run.seed
    )
    results = dataclasses.replace(
        results,
        records={place: {**record, "config": config} for place, record in results.records.items()},
        metrics={place: {**found, "knn_top1_projection": reached} for place, found in results.metrics.items()},
    )
    table = published_table(results, Links(results.directory, tmp_path))
    shown = table.frame().set_index("top1")
    assert shown.loc[82.58, ["ours", "our_runs", "agreement"]].tolist() == [reached, 2, verdict]
    assert (shown["agreement"] == verdict).sum() == 1, "other protocols are held against nothing"
    assert "within 1 point" in table.caption


@pytest.mark.parametrize(
    ("row", "address"),
    [
        ({"cite": "a/b@0123456"}, "https://github.com/a/b/tree/0123456"),
        ({"cite": "a/b@0123456", "url": "https://example.org/x"}, "https://example.org/x"),
        ({"cite": "Somebody (2020)", "doi": "10.1000/x y"}, "https://doi.org/10.1000/x%20y"),
        ({"cite": "Somebody (2020)"}, ""),
        ({"cite": "", "url": "javascript:alert(1)"}, ""),
    ],
)
def test_addresses_of_published_numbers(row, address):
    assert address_of(row) == address


SIMPLE = ["dual-vanilla", "filter-vanilla", "both-dual", "both-filter"]
MAIN = ["dual_view", "filtering", "interaction"]


@pytest.mark.parametrize("further", [0, 6])
def test_simple_effects_come_before_the_main_effects_that_average_them(tmp_path, synthetic, further):
    """Also where a suite has so many arms that the rest goes by size."""
    values = synthetic.suite_values(3)
    for place in range(further):
        values["arms"][f"more{place}"] = {"contrast": {"temperature": 0.21 + place / 100}}
    path = synthetic.write_results(tmp_path, values)
    results, links = load_results(path), Links(path, tmp_path / "out")
    written = pd.read_csv(path / "effects.csv") if (path / "effects.csv").exists() else results.effects
    written = written.query("metric == 'knn_top1' and budget == 'epochs'")["effect"]
    assert [effect for effect in written if effect in SIMPLE + MAIN] == SIMPLE + MAIN
    shown = [*SIMPLE[:2], "both against dual", "both against filter"]
    shown += ["Dual-view loss", "Hard-negative filter", "Interaction"]
    others = further_effects_table(results, links).frame()
    assert list(others["effect"]) == shown
    for build in (effects_table, certainty_table):
        effects = list(build(results, links).frame()["effect"])
        assert [effect for effect in effects if effect in shown] == shown
        assert len(effects) == 8 + further
