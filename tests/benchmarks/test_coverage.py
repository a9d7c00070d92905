"""Nothing that a suite can choose is left out of the benchmarks."""

from typing import get_args

from moco_bench.bench.settings import ENCODERS
from moco_bench.suite.config import ContrastConfig
from tests.benchmarks import test_loss_speed


def test_every_rule_and_reading_is_timed():
    fields = ContrastConfig.model_json_schema()
    rules = set(fields["properties"]["negatives"]["discriminator"]["mapping"])
    assert set(test_loss_speed.RULES) == rules
    readings = set(get_args(ContrastConfig.model_fields["dual_view"].annotation))
    assert readings == {"none", "symmetric", "key-anchored", "key-in-batch", "query-queue", "scaled-positive"}
    assert {"resnet18-cifar", "resnet-compact"} <= set(ENCODERS)
