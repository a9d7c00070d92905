"""Every rule and every reading that a suite can choose is benchmarked."""

from benchmarks.parts import test_loss_speed
from benchmarks.peers.settings import ENCODERS
from moco_bench.components.readings import readings
from moco_bench.components.registry import built_in


def test_every_rule_and_reading_is_timed():
    assert set(test_loss_speed.RULES) >= set(built_in("negatives"))
    assert set(readings()) == {"none", "symmetric", "key-anchored", "key-in-batch", "query-queue", "scaled-positive"}
    assert {"resnet18-cifar", "resnet-compact"} <= set(ENCODERS)
