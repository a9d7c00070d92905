"""Tables and figure of the study, from folders as `make reports` leaves them."""

import pandas as pd
import pytest

from moco_bench.analyse.write import analyse
from moco_bench.files import write_json, write_text
from tools.study_figure import differences, study_figure
from tools.study_page import STORED, accuracy_table, cost_table, effects_table, mechanism_table, with_tables

KNN = {"vanilla": [50.0, 51.0, 52.0], "dual": [51.0, 52.5, 53.0]}


@pytest.fixture
def stored(tmp_path):
    suite = tmp_path / "negatives"
    rows = []
    for arm, values in KNN.items():
        for seed, knn in enumerate(values):
            where = f"runs/digits/small/{arm}/seed{seed}"
            write_text(suite / where / "history.csv", "epoch,kept_mass\n1,1.0\n2,0.25\n")
            rows.append(
                {
                    "suite": "negatives", "arm": arm, "dataset": "digits", "encoder": "small", "seed": seed,
                    "status": "done", "epochs": 2, "knn_top1": knn, "alignment": 0.5, "replicate": 1,
                    "budget": "epochs", "directory": where, "evaluated_on": "validation",
                    "init_hash": f"i{seed}", "order_hash": f"o{seed}", "augment_hash": f"a{seed}",
                }
            )  # fmt: skip
    rows[-1] |= {"status": "failed", "knn_top1": None}
    pd.DataFrame(rows).to_csv(suite / "runs.csv", index=False)
    pixels = {"knn_top1": 40.0, "linear_top1": 41.0}
    write_json(
        suite / "floors" / "digits.json", {"pixels": pixels, "random_encoder": {"small": {"0": {"knn_top1": 30.0}}}}
    )
    analyse(suite)
    return tmp_path


def test_a_row_has_the_mean_of_finished_runs_and_the_paired_difference(stored):
    lines = accuracy_table(stored / "negatives", "epochs").splitlines()
    assert lines[2].startswith("| vanilla | 3 | 51.0 |")
    assert lines[3].startswith("| dual | 2 | 51.8 | +1.2 [")  # pairs: +1.0 and +1.5
    assert lines[4:] == ["| *raw pixels* |  | 40.0 |  | 41.0 |", "| *untrained encoder* |  | 30.0 |  |  |"]


def test_effects_stand_with_their_intervals_and_significant_ones_are_bold(stored):
    path = stored / "negatives" / "effects.csv"
    assert effects_table(stored / "negatives", "epochs").splitlines()[2].startswith("| dual against vanilla | +1.2 [")
    effects = pd.read_csv(path)
    effects.assign(finding="higher").to_csv(path, index=False)
    row = effects_table(stored / "negatives", "epochs").splitlines()[2]
    assert row.startswith("| dual against vanilla | **+1.2 [")
    assert row.endswith("]** |")
    assert "**" not in accuracy_table(stored / "negatives", "epochs")


def test_the_mechanism_is_that_of_the_last_epoch(stored):
    table = mechanism_table(stored / "negatives", "epochs")
    assert "| dual | 25 | 0.500 |" in table
    assert "uniformity" not in table  # no run has it


def test_costs_stand_per_queue_and_arm_beside_vanilla(tmp_path):
    ways = ("streamed", "plain", "kept")
    growth = [
        {"arm": arm, "quantity": quantity, "value": size, "median_ms": ms, "ratio": ms / 50, "ratio_q1": ms / 50 - 0.1,
         "ratio_q3": ms / 50 + 0.1, "flops": 1000 if arm == "vanilla" else 1500, "encoder": encoder}
        for arm, ms in (("vanilla", 50.0), ("filter", 60.0))
        for quantity, size in (("queue_size", 512), ("queue_size", 4096), ("batch_size", 4096))
        for encoder in ("small", "large")
    ]  # fmt: skip
    queues = [
        {"arm": arm, "queue_size": 4096, "version": way, "typical_tensor_mib": mib, "encoder": "small"}
        for arm in ("vanilla", "filter")
        for way, mib in zip(ways, (30.0, 40.0, 20.0), strict=True)
    ]
    for name, rows in (("growth", growth), ("queues", queues)):
        write_text(tmp_path / "profile" / f"{name}.csv", pd.DataFrame(rows).to_csv(index=False))
    assert cost_table(tmp_path, "small").splitlines()[2:] == [
        "| 4,096 | vanilla | 50 |  | 1.000 | 30.0 | 40.0 | 20.0 |",
        "| 4,096 | filter | 60 | 1.20 [1.10, 1.30] | 1.500 | 30.0 | 40.0 | 20.0 |",
    ]


def test_the_figure_has_each_arm_and_leaves_out_what_is_not_stored(stored):
    svg = study_figure(stored)
    assert differences(stored / "negatives", "flops").empty  # so the panel at equal compute is left out
    assert differences(stored / "negatives", "epochs")["arm"].tolist() == ["dual"]
    assert svg == study_figure(stored)
    assert "Rules for negatives · 2 seeds, held-out images" in svg
    assert "CIFAR" not in svg


def test_the_page_is_what_the_generator_makes():
    text = (STORED.parent / "results.md").read_text(encoding="utf-8")
    assert with_tables(text) == text, "run `make reports`"


def test_a_table_may_name_its_arms(stored):
    text = "<!-- accuracy: negatives epochs dual -->\n<!-- end -->\n"
    made = with_tables(text, stored)
    assert "| dual | 2 |" in made
    assert "| vanilla |" not in made
    assert with_tables(made, stored) == made


def test_a_suite_that_waits_for_seeds_says_of_how_many(stored):
    path = stored / "negatives" / "effects.csv"
    pd.read_csv(path).assign(n_pending=6).to_csv(path, index=False)
    assert "Rules for negatives · 2 of 8 seeds, held-out images" in study_figure(stored)
