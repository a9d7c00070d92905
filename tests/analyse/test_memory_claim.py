import pandas as pd
import pytest

from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.memory_claim import accuracy_reached, memory_claim, tensors_mib, verdict_of

RULE = {"baseline": "vanilla", "margin_percent": 5.0}
NOTHING = pd.DataFrame()
PLACE = {"dataset": "d", "encoder": "e"}
DECIDABLE = {"finding": "inconclusive", "baseline_short_of": ""}


def memory(**activations: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"arm": arm, "phase": phase, "part": part, "mib": size, **PLACE}
            for arm, tensors in activations.items()
            for phase in ("training", "evaluation")
            for part, size in (
                ("queue", 10.0), ("activations", tensors), ("baseline", 500.0), ("heap_free", 20.0),
                ("unattributed", 3.0), ("peak", 533.0 + tensors),
            )
        ]
    )  # fmt: skip


def judged(table: pd.DataFrame, arm: str, at: str) -> pd.Series:
    (row,) = table[(table["arm"] == arm) & (table["at"] == at)].to_dict("records")
    return row


def test_tensors_are_what_no_library_holds():
    assert tensors_mib(memory(vanilla=90.0))["mib"].tolist() == [100.0]


def test_a_fixed_batch_is_judged_by_the_margin():
    table = memory_claim(memory(vanilla=90.0, dual=94.0, filter=60.0, both=120.0), NOTHING, NOTHING, **RULE)
    verdicts = {arm: judged(table, arm, "fixed batch")["verdict"] for arm in ("dual", "filter", "both")}
    assert verdicts == {"dual": "no difference", "filter": "lower", "both": "higher"}
    assert judged(table, "both", "fixed batch")["ratio"] == pytest.approx(1.3)
    assert "vanilla" not in set(table["arm"])


def accuracies(**bounds: tuple[float, float]) -> pd.DataFrame:
    """Rows of effects.csv: each arm against vanilla, with the interval of the one-sided tests."""
    return pd.DataFrame(
        [
            {"effect": f"{arm}-vanilla", "kind": "arm", "budget": "epochs", "metric": "knn_top1", "n_seeds": 8,
             "equivalence_low": low, "equivalence_high": high, "margin": 1.0, **DECIDABLE, **PLACE}
            for arm, (low, high) in bounds.items()
        ]
    )  # fmt: skip


def test_at_fixed_accuracy_an_arm_has_to_be_shown_to_reach_the_baseline():
    accuracy = accuracies(filter=(-0.9, 3.0), both=(-3.0, -1.1), dual=(-1.2, 3.0))
    table = memory_claim(memory(vanilla=90.0, filter=60.0, both=60.0, dual=60.0), NOTHING, accuracy, **RULE)
    assert judged(table, "filter", "fixed accuracy")["verdict"] == "lower"
    assert judged(table, "both", "fixed accuracy")["verdict"] == "accuracy not reached"
    open_case = judged(table, "dual", "fixed accuracy")  # its mean is above the baseline's, yet nothing is shown
    assert open_case["verdict"] == "accuracy inconclusive"
    assert pd.isna(open_case["ratio"])


def test_only_arms_that_were_compared_at_equal_epochs_are_judged_at_fixed_accuracy():
    accuracy = accuracies(filter=(0.0, 1.0), both=(0.0, 1.0), dual=(0.0, 1.0))
    accuracy.loc[0, "budget"] = "flops"
    accuracy.loc[1, "n_seeds"] = 0
    accuracy.loc[2, "kind"] = "suite"
    table = memory_claim(memory(vanilla=90.0, filter=60.0, both=60.0, dual=60.0), NOTHING, accuracy, **RULE)
    assert "fixed accuracy" not in set(table["at"])


@pytest.mark.parametrize(
    ("low", "high", "metric", "reached"),
    [
        (-0.9, 2.0, "knn_top1", True),
        (-1.0, 2.0, "knn_top1", None),
        (-3.0, -1.0, "knn_top1", None),
        (-3.0, -1.01, "knn_top1", False),
        (float("nan"), float("nan"), "knn_top1", None),
        (-3.0, 0.9, "uniformity", True),
        (1.1, 3.0, "uniformity", False),
    ],
)
def test_non_inferiority(low, high, metric, reached):
    row = {"equivalence_low": low, "equivalence_high": high, "margin": 1.0, "metric": metric, **DECIDABLE}
    assert accuracy_reached(row) is reached


@pytest.mark.parametrize("change", [{"finding": "interim"}, {"baseline_short_of": "raw pixels"}])
def test_accuracy_is_not_decided_before_the_last_seed_nor_below_the_baselines(change):
    row = {"equivalence_low": -0.3, "equivalence_high": 0.5, "margin": 1.0, "metric": "knn_top1", **DECIDABLE}
    assert accuracy_reached(row) is True
    assert accuracy_reached({**row, **change}) is None


def test_the_effects_table_is_what_it_reads(runs_of):
    effects = effects_of(runs_of(8))
    own = effects[effects["metric"] == "knn_top1"]
    sizes = memory(vanilla=90.0, dual=60.0, filter=60.0).assign(dataset="cifar10", encoder="e")
    table = memory_claim(sizes, NOTHING, own, **RULE)
    assert judged(table, "dual", "fixed accuracy")["verdict"] == "lower"
    # GAINS: filtering costs one point, the margin, so it is neither within nor beyond it.
    assert judged(table, "filter", "fixed accuracy")["verdict"] == "accuracy inconclusive"


FACTORS = {(262144, "streamed"): 1.06, (262144, "plain"): 1.3, (262144, "kept"): 0.8}


def test_each_queue_and_each_loss_has_its_own_verdict():
    queues = pd.DataFrame(
        [
            {"arm": arm, "queue_size": size, "version": version, "tensor_mib": base * factor,
             "typical_tensor_mib": base * (1.0 if version == "streamed" else factor), **PLACE}
            for size, base in ((4096, 50.0), (262144, 400.0))
            for version in ("streamed", "plain", "kept")
            for arm, factor in (("vanilla", 1.0), ("filter", FACTORS.get((size, version), 1.0)))
        ]
    )  # fmt: skip
    table = memory_claim(NOTHING, queues, NOTHING, **RULE)
    verdicts = table.set_index(["at", "loss"])["verdict"].to_dict()
    assert verdicts == {
        ("queue of 4,096", "streamed"): "no difference",
        ("queue of 4,096", "plain"): "no difference",
        ("queue of 262,144", "streamed"): "higher with ties, else no difference",
        ("queue of 262,144", "plain"): "higher",
        ("queue of 4,096", "kept"): "no difference",
        ("queue of 262,144", "kept"): "lower",
    }
    last = table.set_index(["at", "loss"]).loc[("queue of 262,144", "streamed")]
    assert (last["ratio"], last["typical_ratio"]) == pytest.approx((1.06, 1.0))


def test_without_a_baseline_nothing_is_judged():
    assert memory_claim(memory(filter=60.0), NOTHING, NOTHING, **RULE).empty
    assert memory_claim(NOTHING, NOTHING, NOTHING, **RULE).empty


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(0.94, "lower"), (0.951, "no difference"), (1.049, "no difference"), (1.06, "higher")]
)
def test_the_margin_counts_as_none(ratio, verdict):
    assert verdict_of(ratio, 5.0) == verdict
