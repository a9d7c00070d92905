"""Losses by name, for every test of them."""

from moco_bench.components.negatives import All, Band, DropHardest, Easiest, Hardest, Random, Threshold
from moco_bench.contrast import contrastive_loss

READINGS = ["none", "key-anchored", "key-in-batch", "query-queue", "scaled-positive"]
RULES = {
    "all": All,
    "hardest": lambda: Hardest(fraction=0.4),
    "hardest-mass": lambda: Hardest(mass=0.6),
    "hardest-count": lambda: Hardest(count=3),
    "easiest": lambda: Easiest(count=4),
    "random": lambda: Random(count=5),
    "drop-hardest": lambda: DropHardest(count=2),
    "band": lambda: Band(inner=0.2, outer=0.6),
    "threshold": lambda: Threshold(similarity=0.3, minimum=2),
}
TAU, WEIGHT = 0.2, 0.3


def loss_of(batch, rule=None, dual_view="none", masked=False, **changes):
    arguments = {
        "temperature": TAU,
        "dual_view": dual_view,
        "key_weight": WEIGHT,
        "negatives": rule,
        "query_queue": batch.query_queue,
    }
    if masked:
        arguments |= {"sample_index": batch.sample_index, "queue_index": batch.queue_index}
    return contrastive_loss(batch.query, batch.key, batch.queue, **(arguments | changes))


def gradient_of(batch, *arguments, **changes):
    batch.query.requires_grad_().grad = None
    loss_of(batch, *arguments, **changes).backward()
    return batch.query.grad
