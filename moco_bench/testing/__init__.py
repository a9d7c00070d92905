"""The conformance kit: requirements for an idea to be comparable with others, which the package's own ideas meet, too.

    from moco_bench.testing import check

    def test_it_conforms():
        check(Soft(power=2.0))

Each function raises `AssertionError` with a sentence that says what doesn't hold.
"""

from collections.abc import Callable
from typing import Any

from moco_bench.components.base import Component
from moco_bench.testing.augmentations import check_augmentation
from moco_bench.testing.losses import check_negatives, check_objective
from moco_bench.testing.measures import check_dataset, check_metric
from moco_bench.testing.networks import check_backbone, check_head
from moco_bench.testing.resume import STATEFUL, check_resume
from moco_bench.testing.settings import check_settings

__all__ = [
    "check",
    "check_augmentation",
    "check_backbone",
    "check_dataset",
    "check_head",
    "check_metric",
    "check_negatives",
    "check_objective",
    "check_resume",
    "check_settings",
]


_OTHERS: dict[str, Callable[[Any], None]] = {
    "augmentation": check_augmentation,
    "backbone": check_backbone,
    "dataset": check_dataset,
    "head": check_head,
    "metric": check_metric,
}


def check(idea: Component, *, stops_gradient: bool = False, order_matters: bool = False) -> None:
    """Check an idea against all requirements of its kind.

    Args:
        idea: a rule with settings for a queue of 40 keys and more.
        stops_gradient: it holds something constant on purpose, so that its gradient isn't that of its value.
        order_matters: it depends on the slots of the keys on purpose, as a random selection does.
    """
    check_settings(idea)
    if idea.kind == "negatives":
        check_negatives(idea, stops_gradient=stops_gradient, order_matters=order_matters)
    elif idea.kind == "objective":
        check_objective(idea, stops_gradient=stops_gradient, order_matters=order_matters)
    else:
        _OTHERS[idea.kind](idea)
    if idea.kind in STATEFUL:
        check_resume(idea)
