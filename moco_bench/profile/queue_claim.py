"""The memory claim at growing queues: losses that stream the queue against losses that hold logits.

How a loss is written decides what a filter does to memory, more than the filter does. So three ways are measured, each
in a typical step and in one that has ties to settle.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from moco_bench.contrast.logsumexp import has_kept_form, kept_version, plain_version
from moco_bench.data.datasets import DataSet
from moco_bench.measure.allocations import MIB, Timeline
from moco_bench.profile.memory import watch_step
from moco_bench.profile.parts import LOSS
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import TableRow
from moco_bench.profile.variants import QUEUE_SIZE, variant
from moco_bench.suite.runs import Run

VERSIONS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "streamed": nullcontext,
    "plain": plain_version,
    "kept": kept_version,
}
"""`plain` is the definition of the loss: one matrix of B x K logits, masked, and differentiated by autograd. `kept`
goes on from such a matrix with what `topk` keeps of it, and holds nothing that it doesn't need."""


def queue_rows(
    runs: Mapping[str, Run], dataset: DataSet, device: str, sizes: Sequence[int], tell: Callable[[str], None]
) -> list[TableRow]:
    """Memory of every arm at every queue size and with each loss: peak of tensors, the loss's own, and the queue's.

    A rule that has no form of its own for `kept` has no row of it. Of a step that has ties to settle, which takes the
    most; those of the step before, as most steps are, are `typical_tensor_mib` and `typical_loss_mib`.
    """
    rows = []
    for size in sizes:
        tell(f"memory claim at a queue of {size:,}")
        for arm, run in runs.items():
            varied = variant(run, QUEUE_SIZE, size)
            assert varied is not None
            stepper = Stepper(varied, dataset, device)
            stepper.step()
            by_topk = has_kept_form(run.contrast.negatives.ranks(run.contrast.queue_size, 1.0))
            versions = [version for version in VERSIONS if by_topk or version != "kept"]
            typical = {version: _watch(stepper, version) for version in versions}
            for version in typical:
                stepper.plant_ties()  # anew: each step has replaced some of the keys
                most = _watch(stepper, version)
                rows.append(
                    {
                        "arm": arm,
                        "queue_size": size,
                        "version": version,
                        "tensor_mib": most.peak / MIB,
                        "loss_mib": most.highest(LOSS) / MIB,
                        "queue_mib": most.at_peak().get("queue", 0) / MIB,
                        "typical_tensor_mib": typical[version].peak / MIB,
                        "typical_loss_mib": typical[version].highest(LOSS) / MIB,
                    }
                )
    return rows


def _watch(stepper: Stepper, version: str) -> Timeline:
    with VERSIONS[version]():
        return watch_step(stepper).timeline
