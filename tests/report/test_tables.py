import pytest

from moco_bench.analyse.published import PROTOCOL, published
from moco_bench.report.links import Links
from moco_bench.report.results import load_results
from moco_bench.report.tables.accuracy import accuracy_table, differences_table, runs_table
from moco_bench.report.tables.context import machines_table, published_table
from moco_bench.report.tables.cost import cost_table
from moco_bench.report.tables.effects import certainty_table, claims_table, effects_table
from moco_bench.report.tables.mechanism import mechanism_table
from moco_bench.report.tables.trust import holes_table, noise_table, pairing_table


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
    assert table.loc["floor: raw pixels", "knn_top1"] == 77.5
    assert table.loc["floor: random encoder", "n"] == 3
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


def test_effects_come_primary_metric_first(loaded):
    for build in (effects_table, certainty_table):
        table = frame(build, loaded)
        assert list(dict.fromkeys(table["metric"])) == ["kNN", "kNN, projection", "Linear probe", "kNN, corrupted"]
    assert {"estimate", "interval", "p_value", "p_holm"} <= set(frame(effects_table, loaded))


def test_claims_carry_units_and_readings(loaded):
    table = claims_table(*loaded)
    by_claim = {row[0].text: row for row in table.rows}
    memory = by_claim["The framework needs less memory."]
    assert " MiB [" in memory[2].text
    assert memory[3].text.startswith("Our reading:")
    assert by_claim["The approach carries over to other domains such as language."][1].text == "not tested"


def test_mechanism_stands_beside_the_difference(loaded):
    table = frame(mechanism_table, loaded).set_index("arm")
    assert table.loc["filter", "false_negative_rate_kept"] > table.loc["vanilla", "false_negative_rate_kept"]
    assert table.loc["both", "accuracy_difference"] > 0
    assert {"alignment", "uniformity", "effective_rank", "positive_similarity"} <= set(table.columns)


def test_holes_noise_and_pairs(loaded):
    holes = frame(holes_table, loaded).set_index("run")
    assert holes.loc["fashion-mnist-5k/resnet-compact/filter/seed2", "status"] == "failed"
    assert holes.loc["fashion-mnist-5k/resnet-compact/both/seed3", "reason"] == "not run yet"
    assert set(frame(noise_table, loaded)["identical"]) == {1}
    pairs = frame(pairing_table, loaded).set_index("seed")
    assert pairs.loc[1, "paired"] == "not paired"
    assert pairs.loc[0, "paired"] == "proven"
    assert len(pairs.loc[1, "augment_hash"].split()) == 2


def test_machines_are_told_apart(loaded):
    results, links = loaded
    table = machines_table(results, links)
    assert len(table.rows) == 1
    place = next(iter(results.records))
    odd = {**results.records[place], "machine": {"cpu": "Another", "memory_gib": "much"}, "versions": None}
    import dataclasses

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
    assert set(PROTOCOL) <= set(table.columns)
    assert table["cite"].str.contains("facebookresearch/moco@f7364915").any()
    assert 82.58 in set(table["top1"])
