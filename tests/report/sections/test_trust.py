"""Pairs, repeated seeds, and what several machines agree on."""

import json
import os

import pandas as pd
import pytest

from moco_bench.cli.main import main
from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.trust import machine_effects_table, noise_table, pairing_table, pooled_table

HEADER = "run,metric,kept,other,difference,kept_from,other_from,kept_on,other_on\n"
ROW = "synthetic/runs/d/e/dual/seed0,{metric},80.5,{other},0.25,a,b,Here,Elsewhere\n"


@pytest.fixture
def directory(tmp_path, synthetic):
    """Eight seeds, half of them from another machine on which `both` is a point better."""
    found = synthetic.write_results(tmp_path, synthetic.suite_values(8))
    runs = pd.read_csv(found / "runs.csv", dtype=str, keep_default_na=False)
    elsewhere = runs["seed"].astype(int) > 3
    runs.loc[elsewhere, "measured_on"] = "Elsewhere"
    better = elsewhere & (runs["arm"] == "both")
    runs.loc[better, "knn_top1"] = (runs.loc[better, "knn_top1"].astype(float) + 1).map(repr)
    runs.to_csv(found / "runs.csv", index=False)
    return found


def links_of(directory):
    return Links(directory, directory)


def test_effects_are_pooled_over_machines(directory):
    assert main(["analyse", str(directory)]) == 0
    results = load_results(directory)

    table = pooled_table(results, links_of(directory))

    rows = table.frame().set_index("effect")
    assert rows.loc["both-vanilla", "machines"] == 2
    assert rows.loc["both-vanilla", "seeds"] == 8
    assert 1.5 < rows.loc["both-vanilla", "estimate"] < 3
    assert table.source.href.endswith("pooled.csv")


def test_a_run_that_failed_elsewhere_is_listed(directory):
    failed = "synthetic/runs/d/e/dual/seed1,status,done,failed,,a,b,Here,Elsewhere\n"
    (directory / "machine_effects.csv").write_text(HEADER + ROW.format(metric="knn_top1", other="80.75") + failed)
    rows = machine_effects_table(load_results(directory), links_of(directory)).rows
    assert [[cell.text for cell in row][1:4] for row in rows] == [
        ["kNN accuracy", "80.50", "80.75"], ["Status", "done", "failed"]
    ]  # fmt: skip


def test_one_machine_has_no_such_table(tmp_path, synthetic):
    directory = synthetic.write_results(tmp_path, synthetic.suite_values(4))
    results = load_results(directory)

    assert pooled_table(results, links_of(directory)) is None
    assert machine_effects_table(results, links_of(directory)) is None


def test_runs_that_came_to_other_numbers_elsewhere_are_listed(directory):
    lines = ROW.format(metric="knn_top1", other="80.75") + ROW.format(metric="alignment", other="1")
    (directory / "machine_effects.csv").write_text(HEADER + lines)

    table = machine_effects_table(load_results(directory), links_of(directory))

    (row,) = table.frame().to_dict("records")
    assert (row["run"], row["kept"], row["other"], row["difference"]) == ("d/e/dual/seed0", 80.5, 80.75, 0.25)


@pytest.mark.parametrize("content", ["", "run\n", HEADER + ROW.format(metric="knn_top1", other="<b>")])
def test_a_damaged_list_is_left_out(directory, content):
    (directory / "machine_effects.csv").write_text(content)

    table = machine_effects_table(load_results(directory), links_of(directory))

    assert table is None or not table.rows


def test_a_list_that_never_ends_is_left_out(directory):
    os.mkfifo(directory / "machine_effects.csv")

    assert machine_effects_table(load_results(directory), links_of(directory)) is None


def test_noise_and_pairs(loaded):
    noise = noise_table(*loaded).frame()
    assert set(noise["identical"]) == set(noise["identical_weights"]) == {1}
    pairs = pairing_table(*loaded).frame().set_index("seed")
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
