import pytest

from moco_bench.analyse.contrasts import contrasts_among
from moco_bench.analyse.machines import arithmetics_of, measured_on, on_main_machine, precision_differs
from moco_bench.analyse.pairing import paired_values, random_number_table, runs_by_seed
from moco_bench.analyse.table import typed
from moco_bench.suite.metrics import METRICS

BOTH = contrasts_among(("vanilla", "both"))[0]
RECORD = {
    "machine": {"cpu": "A CPU", "cores": 2, "instructions": "AVX512", "bfloat16": "amx", "gpus": ["G0", "G1"]},
    "versions": {"torch": "2.6.0"},
    "device": "cpu",
}


def of(runs, arm, seed):
    return (runs["arm"] == arm) & (runs["seed"].astype(str) == str(seed))


@pytest.fixture
def raw(raw_runs):
    """Three seeds on one machine, asked for `auto` and computed in float32."""
    return raw_runs(3).assign(measured_on="here", device="cpu", precision_requested="auto", precision="float32")


def test_the_number_of_cores_changes_no_result(raw):
    one = measured_on({**RECORD, "machine": {**RECORD["machine"], "cores": 1}})
    runs = typed(raw.assign(measured_on=[measured_on(RECORD), one] * (len(raw) // 2)), "x")
    assert len(set(arithmetics_of(runs))) == 1
    other = typed(raw.assign(measured_on=["B CPU, 2 cores", *[measured_on(RECORD)] * (len(raw) - 1)]), "x")
    assert len(set(arithmetics_of(other))) == 2


def test_a_machine_in_words_names_the_gpu_that_computed():
    assert measured_on(RECORD) == "A CPU, 2 cores, AVX512, bfloat16 amx, torch 2.6.0"
    assert measured_on(RECORD | {"device": "cuda:1"}) == "A CPU, 2 cores, AVX512, bfloat16 amx, G1, torch 2.6.0"
    assert measured_on(RECORD | {"device": "cuda"}) == "A CPU, 2 cores, AVX512, bfloat16 amx, G0, torch 2.6.0"
    assert measured_on({"machine": {"cpu": "Old"}, "device": "cpu"}) == "Old"
    assert measured_on({"machine": "damaged"}) == measured_on({}) == ""


@pytest.mark.parametrize("changed", [{"measured_on": "elsewhere"}, {"device": "cuda:0"}])
def test_costs_of_different_machines_are_no_pair_and_accuracies_are(raw, changed):
    for name, value in changed.items():
        raw.loc[of(raw, "both", 1), name] = value
    runs = runs_by_seed(typed(raw, "x"))

    assert paired_values(runs, BOTH, METRICS["knn_top1"]).seeds == (0, 1, 2)
    for cost in ("images_per_second", "peak_memory_mib"):
        pairs = paired_values(runs, BOTH, METRICS[cost])
        assert pairs.seeds == (0, 2)
        assert pairs.left_out == {1: "ran on different kinds of machine"}


def test_another_device_of_the_same_kind_is_the_same_kind_of_machine(raw):
    raw["device"] = ["cuda:0", "cuda:1", "cuda:2", "cuda:3"] * 3
    assert paired_values(runs_by_seed(typed(raw, "x")), BOTH, METRICS["images_per_second"]).seeds == (0, 1, 2)


def test_what_auto_came_to_has_to_be_the_same(raw):
    raw.loc[of(raw, "both", 1), "precision"] = "bfloat16"
    runs = typed(raw, "x")
    pairs = paired_values(runs_by_seed(runs), BOTH, METRICS["knn_top1"])

    assert pairs.seeds == (0, 2)
    assert pairs.left_out == {1: "not paired: computed in bfloat16 and float32"}
    assert list(random_number_table(runs)["paired"]) == ["proven", "unequal precision", "proven"]
    others = contrasts_among(("vanilla", "dual"))[0]
    assert paired_values(runs_by_seed(runs), others, METRICS["knn_top1"]).seeds == (0, 1, 2)


def test_arms_that_ask_for_different_precisions_are_compared(raw):
    raw.loc[raw["arm"] == "both", ["precision_requested", "precision"]] = "bfloat16"
    runs = typed(raw, "x")

    for metric in ("knn_top1", "images_per_second"):
        assert paired_values(runs_by_seed(runs), BOTH, METRICS[metric]).seeds == (0, 1, 2)
    assert set(random_number_table(runs)["paired"]) == {"proven"}


def test_a_table_that_notes_no_precision_is_taken_as_it_is(raw_runs):
    raw = raw_runs(2).assign(precision="float32")
    raw.loc[0, "precision"] = "bfloat16"
    assert not precision_differs(typed(raw, "x").to_dict("records"))


def test_the_main_machine_is_the_one_of_most_runs_in_each_cell(raw_runs):
    raw = raw_runs(3).assign(measured_on="here")
    raw.loc[raw["seed"] == "2", "measured_on"] = "elsewhere"
    runs = typed(raw, "x")

    assert set(on_main_machine(runs)["seed"]) == {0, 1}
    assert len(on_main_machine(runs[runs["seed"] == 2])) == 4
    assert on_main_machine(runs[:0]).empty
    assert list(on_main_machine(runs).index) == [place for place in runs.index if runs["seed"][place] != 2]


def test_costs_are_in_the_precision_that_most_came_to_of_those_that_asked_alike(raw):
    raw.loc[of(raw, "both", 1), "precision"] = "bfloat16"
    raw.loc[raw["arm"] == "dual", ["precision_requested", "precision"]] = "bfloat16"
    kept = on_main_machine(typed(raw, "x"))

    assert len(kept) == 11
    assert kept.groupby("arm")["seed"].agg(list).to_dict() == {
        "vanilla": [0, 1, 2], "dual": [0, 1, 2], "filter": [0, 1, 2], "both": [0, 2],
    }  # fmt: skip
