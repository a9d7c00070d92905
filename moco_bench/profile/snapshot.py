"""One step's memory in the format of PyTorch's memory viewer, each block with its cause (pytorch.org/memory_viz).

On a CPU it is made of the allocation events of PyTorch's profiler: all that tensors and operators asked the allocator
for. What the meter knows of a block, by its address, names it; what is left was taken by an operator for itself, or is
`unattributed`. On CUDA the allocator records its own history, with the places in the code.
"""

import pickle
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.profiler import ProfilerActivity, profile

from moco_bench.files import write_bytes
from moco_bench.measure.allocations import Block, Event
from moco_bench.profile.accounting import UNATTRIBUTED
from moco_bench.profile.memory import part_of, watch_step
from moco_bench.profile.stepper import Stepper

SETTLE_STEPS = 2
OF_AN_OPERATOR = "inside of "
"""Prefix of the cause of memory that an operator allocated and freed itself; the operator's name follows."""


class Request(NamedTuple):
    """A request to the allocator: an allocation (`size` > 0 bytes) or a free (`size` < 0).

    `operator`: the outermost operator under way, and which call of it; None outside of operators.
    """

    nanoseconds: int
    address: int
    size: int
    operator: tuple[str, int] | None


@dataclass
class Named:
    """One allocation of `size` bytes in a step, `during` one of its parts.

    `cause` is one of `profile.accounting.TENSOR_PARTS`, `inside of OPERATOR`, or `unattributed`. `born` and `died` are
    nanoseconds on the profiler's clock: 0 for what was there before, None for what outlives the step.
    """

    cause: str
    during: str
    address: int
    size: int
    born: int
    died: int | None = None


def write_snapshot(path: Path, steppers: Mapping[str, Stepper]) -> None:
    """Write a step of every arm: the viewer shows them as one device each, in the order of `steppers`."""
    traces = []
    for stepper in steppers.values():
        stepper.steps(SETTLE_STEPS)
        traces.append(_cuda_trace(stepper) if stepper.numerics.device.type == "cuda" else _trace(named_blocks(stepper)))
    write_bytes(path, pickle.dumps({"segments": [], "device_traces": traces, "arms": list(steppers)}))


def named_blocks(stepper: Stepper) -> list[Named]:
    """Make one step on a CPU; the allocations that the profiler saw, with the causes that the meter knows."""
    offset = time.time_ns() - int(1e9 * time.perf_counter())
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        watched = watch_step(stepper)
    began = offset + int(1e9 * watched.began)
    tree = profiler.profiler.kineto_results.experimental_event_tree()
    return joined(sorted(_requests(tree)), watched.events, began)


def joined(requests: Iterable[Request], events: Iterable[Event], began: int) -> list[Named]:
    """Give each allocation the cause of the meter's block at its address.

    The meter sees a block when the operator that made it is over: the block's is the last allocation before that.
    `requests` are in order; the profiler says nothing of the end of what was there before. `began`: when the meter did,
    on the profiler's clock, in nanoseconds.
    """
    found: list[Named] = []
    at_address: dict[int, list[Named]] = defaultdict(list)
    alive: dict[int, tuple[Named, tuple[str, int] | None]] = {}
    for request in requests:
        if request.size > 0:
            named = Named(UNATTRIBUTED, "", request.address, request.size, request.nanoseconds)
            found.append(named)
            at_address[request.address].append(named)
            alive[request.address] = named, request.operator
        elif request.address in alive:
            named, operator = alive.pop(request.address)
            named.died = request.nanoseconds
            if operator is not None and operator == request.operator:
                named.cause = f"{OF_AN_OPERATOR}{operator[0]}"
    before: dict[Block, Named] = {}
    for seconds, sign, block in events:
        now = began + int(1e9 * seconds)
        if block.before:
            if sign > 0:
                before[block] = Named(part_of(block), block.scope, block.address, block.size, 0)
            else:
                before[block].died = now
        elif sign > 0:
            born = [named for named in at_address[block.address] if named.born <= now and named.size >= block.size]
            if born:
                born[-1].cause, born[-1].during = part_of(block), block.scope
    return [*before.values(), *found]


def _requests(nodes: Iterable[Any], operator: tuple[str, int] | None = None) -> Iterator[Request]:
    """All allocations and frees in a profiler's tree of events."""
    for node in nodes:
        if node.tag == torch._C._profiler._EventType.Allocation:
            fields = node.extra_fields
            if str(fields.device) == "cpu":
                yield Request(node.start_time_ns, fields.ptr, fields.alloc_size, operator)
        of_children = (node.name, node.id) if operator is None and node.name.startswith("aten::") else operator
        yield from _requests(node.children, of_children)


def _trace(blocks: list[Named]) -> list[dict[str, Any]]:
    """Allocations and frees in order, in the viewer's format."""
    began = min((block.born for block in blocks if block.born), default=0)
    events: list[tuple[int, dict[str, Any]]] = []
    for block in blocks:
        frames = [{"name": block.cause, "filename": block.during, "line": 0}]
        same = {"addr": block.address, "size": block.size, "stream": 0, "frames": frames}
        ends = [] if block.died is None else [(block.died, "free_requested"), (block.died, "free_completed")]
        for when, action in [(block.born, "alloc"), *ends]:
            events.append((when, {**same, "action": action, "time_us": max(0, when - began) // 1000}))
    return [event for _, event in sorted(events, key=lambda pair: pair[0])]


def _cuda_trace(stepper: Stepper) -> list[dict[str, Any]]:
    """CUDA's allocator history of one step (tested with a simulated allocator)."""
    torch.cuda.memory._record_memory_history(max_entries=1_000_000)
    try:
        with stepper.eagerly():
            stepper.step()
        stepper.synchronise()
        traces = torch.cuda.memory._snapshot()["device_traces"]
    finally:
        torch.cuda.memory._record_memory_history(enabled=None)
    return list(traces[stepper.numerics.device.index or 0])
