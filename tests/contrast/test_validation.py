"""What a loss can't take is named in one line."""

import pytest
import torch
from losses import loss_of

from moco_bench.contrast import Hardest


@pytest.mark.parametrize(
    ("named", "changes"),
    [
        ("dual_view 'symmetric' lives in the training step", {"dual_view": "symmetric"}),
        ("dual_view must be one of", {"dual_view": "both"}),
        ("key_weight must lie", {"key_weight": 1.5}),
        ("temperature must be above 0", {"temperature": 0.0}),
        ("query_queue is missing", {"dual_view": "query-queue", "query_queue": None}),
        ("query_queue must have shape", {"dual_view": "query-queue", "query_queue": torch.ones(11, 3)}),
        (
            "query_queue must have the 11 rows of queue_index",
            {
                "dual_view": "query-queue",
                "query_queue": torch.ones(9, 4),
                "sample_index": torch.arange(3),
                "queue_index": torch.arange(11),
            },
        ),
        ("sample_index is missing", {"queue_index": torch.arange(11)}),
        ("queue_index is missing", {"sample_index": torch.arange(3)}),
        ("sample_index must have shape", {"sample_index": torch.arange(4), "queue_index": torch.arange(11)}),
        ("queue_index must be of an integer type", {"sample_index": torch.arange(3), "queue_index": torch.ones(11)}),
        ("negatives must be a rule", {"negatives": "hardest"}),
        ("count must be at most 11", {"negatives": Hardest(count=12)}),
    ],
)
def test_bad_arguments_are_named_in_one_line(batch_of, named, changes):
    with pytest.raises(ValueError, match=named) as caught:
        loss_of(batch_of(), **changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("query", torch.ones(3)),
        ("query", torch.ones(0, 4)),
        ("key", torch.ones(2, 4)),
        ("key", torch.ones(3, 4, dtype=torch.int64)),
        ("queue", torch.ones(11, 5)),
        ("queue", torch.ones(0, 4)),
        ("queue", torch.ones(11, 4, device="meta")),
    ],
)
def test_bad_embeddings_are_named(batch_of, name, value):
    batch = batch_of()
    setattr(batch, name, value)
    with pytest.raises(ValueError, match=f"^{name} must"):
        loss_of(batch)
