"""The memory claim at growing queues: a step whose loss streams the queue beside one whose loss holds all logits."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from moco_bench.contrast.logsumexp import plain_version
from moco_bench.data.datasets import DataSet
from moco_bench.measure.allocations import MIB
from moco_bench.profile.memory import watch_step
from moco_bench.profile.parts import LOSS
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import Row
from moco_bench.profile.timing import divided_step
from moco_bench.profile.variants import QUEUE_SIZE, variant
from moco_bench.suite.runs import Run

VERSIONS: dict[str, Callable[[], AbstractContextManager[Any]]] = {"streamed": nullcontext, "plain": plain_version}
"""`plain` is the definition of the loss: one matrix of B x K logits, differentiated by autograd."""

TIMED_STEPS = 3
"""The fastest counts: what else happens on the machine only adds."""


def queue_rows(
    runs: Mapping[str, Run], dataset: DataSet, device: str, sizes: Sequence[int], tell: Callable[[str], None]
) -> list[Row]:
    """Every arm at every queue, with either loss: peak of tensors, the loss's own peak, time of a step and its loss."""
    rows = []
    for size in sizes:
        tell(f"memory claim at a queue of {size:,}")
        for arm, run in runs.items():
            varied = variant(run, QUEUE_SIZE, size)
            assert varied is not None
            stepper = Stepper(varied, dataset, device)
            stepper.step()
            for version, context in VERSIONS.items():
                with context():
                    stepper.step()
                    seconds = min(
                        (divided_step(stepper) for _ in range(TIMED_STEPS)), key=lambda own: sum(own.values())
                    )
                    stepper.plant_ties()
                    timeline = watch_step(stepper).timeline
                rows.append(
                    {
                        "arm": arm,
                        "queue_size": size,
                        "version": version,
                        "tensor_mib": timeline.peak / MIB,
                        "loss_mib": timeline.highest(LOSS) / MIB,
                        "queue_mib": timeline.at_peak().get("queue", 0) / MIB,
                        "step_ms": 1000 * sum(seconds.values()),
                        "loss_ms": 1000 * seconds[LOSS],
                    }
                )
    return rows
