"""The loss on its own at a long and a short queue: time and memory against the plain version of the same rule."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.peers.rounds import Clock, rounds_of
from benchmarks.peers.settings import Timing, Workload
from benchmarks.peers.summary import spread
from moco_bench.components.negatives import All, Hardest, Negatives
from moco_bench.contrast.logsumexp import plain_version
from moco_bench.contrast.loss import contrastive_loss
from moco_bench.measure.allocations import MIB, AllocationMeter

RULES: dict[str, Negatives] = {"all": All(), "hardest": Hardest(fraction=0.25)}
SEED = 0


@dataclass(frozen=True)
class LossInputs:
    """Unit rows: queries and keys [B, D], queue [K, D]."""

    query: Tensor
    key: Tensor
    queue: Tensor

    @classmethod
    def random(cls, batch: int, size: int, dimension: int, device: torch.device) -> "LossInputs":
        """Random directions; the queries take a gradient."""
        generator = torch.Generator().manual_seed(SEED)
        rows = [
            normalize(torch.randn(n, dimension, generator=generator), dim=1).to(device) for n in (batch, batch, size)
        ]
        return cls(rows[0].requires_grad_(), rows[1], rows[2])


@dataclass(frozen=True)
class LossVersion:
    """One version of the loss of one rule, as a contender: a step is a forward and a backward pass."""

    name: str
    inputs: LossInputs
    rule: Negatives
    temperature: float
    context: Callable[[], AbstractContextManager[None]] = nullcontext

    @contextmanager
    def turn(self) -> Iterator[Callable[[], object]]:
        """See `Contender`."""
        yield self.step

    def step(self) -> None:
        """Loss and gradient."""
        inputs = self.inputs
        inputs.query.grad = None
        with self.context():
            loss = contrastive_loss(
                inputs.query, inputs.key, inputs.queue, temperature=self.temperature, negatives=self.rule
            )
            torch.autograd.backward(loss)
        if loss.device.type == "cuda":
            torch.cuda.synchronize(loss.device)


def loss_costs(
    workload: Workload,
    timing: Timing,
    *,
    queue_size: int,
    dimension: int,
    device: torch.device,
    clock: Clock = perf_counter,
) -> dict[str, dict[str, Any]]:
    """Peak extra memory and time of the loss, and their ratios to the plain version's, by rule.

    Extra memory is all that was allocated beyond the inputs, the gradient included. A queue shorter than the workload's
    long one gets as many more steps per turn.
    """
    inputs = LossInputs.random(workload.loss_batch, queue_size, dimension, device)
    longer = max(1, workload.loss_queue // queue_size)
    timing = replace(timing, steps=longer * timing.steps, seconds=timing.seconds / 2)
    costs = {}
    for name, rule in RULES.items():
        temperature = workload.contrast.temperature
        versions = [
            LossVersion("streamed", inputs, rule, temperature),
            LossVersion("plain", inputs, rule, temperature, plain_version),
        ]
        peaks = {version.name: peak_extra_bytes(version, device) for version in versions}
        rounds = rounds_of(versions, timing, clock)
        ratio, quartiles = spread([times["streamed"] / times["plain"] for times in rounds])
        costs[name] = {
            "peak_memory_ratio": peaks["streamed"] / peaks["plain"],
            "time_ratio": ratio,
            "time_ratio_quartiles": quartiles,
            "peak_mib": {version: peak / MIB for version, peak in peaks.items()},
            "milliseconds": {
                version.name: spread([1000 * times[version.name] for times in rounds])[0] for version in versions
            },
            "rounds": [dict(times) for times in rounds],
        }
    return costs


def peak_extra_bytes(version: LossVersion, device: torch.device) -> int:
    """Peak bytes of live tensors in a step, less the inputs."""
    inputs: Sequence[Tensor] = (version.inputs.query, version.inputs.key, version.inputs.queue)
    version.inputs.query.grad = None
    meter = AllocationMeter(device)
    with meter:
        meter.claim("inputs", inputs)
        version.step()
    return meter.ledger.timeline(lambda block: block.cause or "extra").peak - sum(tensor.nbytes for tensor in inputs)
