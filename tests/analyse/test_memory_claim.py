import pandas as pd
import pytest

from moco_bench.analyse.memory_claim import Rule, memory_claim, tensors_mib, verdict_of

RULE = Rule("vanilla", margin_percent=5.0, margin_points=1.0)
NOTHING = pd.DataFrame()
PLACE = {"dataset": "d", "encoder": "e"}


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


def judged(table: pd.DataFrame, arm: str, at: str, quantity: str = "tensors") -> pd.Series:
    (row,) = table[(table["arm"] == arm) & (table["at"] == at) & (table["quantity"] == quantity)].to_dict("records")
    return row


def test_tensors_are_what_no_library_holds():
    assert tensors_mib(memory(vanilla=90.0))["mib"].tolist() == [100.0]


def test_a_fixed_batch_is_judged_by_the_margin():
    table = memory_claim(memory(vanilla=90.0, dual=94.0, filter=60.0, both=120.0), NOTHING, NOTHING, RULE)
    verdicts = {arm: judged(table, arm, "fixed batch")["verdict"] for arm in ("dual", "filter", "both")}
    assert verdicts == {"dual": "no difference", "filter": "lower", "both": "higher"}
    assert judged(table, "both", "fixed batch")["ratio"] == pytest.approx(1.3)
    # The process is mostly libraries: the same difference vanishes in it.
    assert judged(table, "filter", "fixed batch", "process")["verdict"] == "no difference"
    assert "vanilla" not in set(table["arm"])


def test_at_fixed_accuracy_an_arm_has_to_reach_the_baseline():
    accuracy = pd.DataFrame(
        [{"arm": arm, "top1": top1, **PLACE} for arm, top1 in (("vanilla", 80.0), ("filter", 79.1), ("both", 78.9))]
    )
    table = memory_claim(memory(vanilla=90.0, filter=60.0, both=60.0), NOTHING, accuracy, RULE)
    assert judged(table, "filter", "fixed accuracy")["verdict"] == "lower"
    missed = judged(table, "both", "fixed accuracy")
    assert missed["verdict"] == "accuracy not reached"
    assert pd.isna(missed["ratio"])


def test_each_queue_and_each_loss_has_its_own_verdict():
    queues = pd.DataFrame(
        [
            {"arm": arm, "queue_size": size, "version": version, "tensor_mib": base * factor, **PLACE}
            for size, base in ((4096, 50.0), (262144, 400.0))
            for version in ("streamed", "plain")
            for arm, factor in (("vanilla", 1.0), ("filter", 0.8 if (size, version) == (262144, "plain") else 1.0))
        ]
    )
    table = memory_claim(NOTHING, queues, NOTHING, RULE)
    verdicts = table.set_index("at")["verdict"].to_dict()
    assert verdicts == {
        "queue of 4,096, this loss": "no difference",
        "queue of 4,096, a loss that holds all logits": "no difference",
        "queue of 262,144, this loss": "no difference",
        "queue of 262,144, a loss that holds all logits": "lower",
    }


def test_without_a_baseline_nothing_is_judged():
    assert memory_claim(memory(filter=60.0), NOTHING, NOTHING, RULE).empty
    assert memory_claim(NOTHING, NOTHING, NOTHING, RULE).empty


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(0.94, "lower"), (0.951, "no difference"), (1.049, "no difference"), (1.06, "higher")]
)
def test_the_margin_counts_as_none(ratio, verdict):
    assert verdict_of(ratio, 5.0) == verdict
