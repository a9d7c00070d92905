"""The memory of a step block by block: causes against the profiler's own count of allocations."""

import dataclasses
import io
import pickle
from collections import defaultdict
from contextlib import redirect_stdout

import pytest
import torch
from torch.cuda import _memory_viz

from moco_bench.measure.allocations import Block, Event
from moco_bench.profile import snapshot
from moco_bench.profile.accounting import TENSOR_PARTS, UNATTRIBUTED
from moco_bench.profile.memory import watch_step
from moco_bench.profile.snapshot import OF_AN_OPERATOR, Request, joined, named_blocks, write_snapshot
from moco_bench.profile.stepper import Stepper


def at_peak(blocks):
    """Bytes by cause at the peak."""
    blocks = list(blocks)
    events = sorted(
        [(block.born, 1, place) for place, block in enumerate(blocks)]
        + [(block.died, -1, place) for place, block in enumerate(blocks) if block.died is not None]
    )
    live = most = 0
    alive = {}
    fullest = []
    for _, sign, place in events:
        live += sign * blocks[place].size
        if sign > 0:
            alive[place] = blocks[place]
        else:
            alive.pop(place, None)
        if live > most:
            most, fullest = live, list(alive.values())
    sizes = defaultdict(int)
    for block in fullest:
        sizes[block.cause] += block.size
    return dict(sizes)


@pytest.fixture
def stepper(make_runs, dataset):
    made = Stepper(make_runs("vanilla")["vanilla"], dataset)
    for _ in range(2):
        made.step()
    return made


@pytest.mark.parametrize("arm", ["vanilla", "dual", "filter", "symmetric"])
def test_causes_agree_with_the_profilers_allocations_within_a_hundredth(make_runs, dataset, arm):
    stepper = Stepper(make_runs("vanilla", arm)[arm], dataset)
    for _ in range(2):
        stepper.step()
    blocks = named_blocks(stepper)
    sizes = at_peak(blocks)
    whole = sum(sizes.values())
    of_tensors = at_peak(block for block in blocks if not block.cause.startswith(OF_AN_OPERATOR))
    assert sizes.get(UNATTRIBUTED, 0) <= 0.01 * whole
    assert {cause for cause in sizes if not cause.startswith(OF_AN_OPERATOR)} <= {*TENSOR_PARTS, UNATTRIBUTED}
    assert watch_step(stepper).timeline.peak == pytest.approx(sum(of_tensors.values()), rel=0.01)


def test_the_viewers_own_code_reads_it_and_shows_our_causes(stepper, tmp_path):
    write_snapshot(tmp_path / "memory.pickle", {"vanilla": stepper, "again": stepper})
    written = pickle.loads((tmp_path / "memory.pickle").read_bytes())
    assert written["arms"] == ["vanilla", "again"]
    assert len(written["device_traces"]) == 2
    for trace in written["device_traces"]:
        alive = {}
        for event in trace:
            if event["action"] == "alloc":
                assert event["addr"] not in alive
                alive[event["addr"]] = event["size"]
            elif event["action"] == "free_completed":
                assert alive.pop(event["addr"]) == event["size"]
        times = [event["time_us"] for event in trace]
        assert times == sorted(times)
        assert {"parameters", "activations", "queue"} <= {event["frames"][0]["name"] for event in trace}
    with redirect_stdout(io.StringIO()):
        assert "TOTAL MEM" in _memory_viz.trace(written)
    assert "<html" in _memory_viz.trace_plot(written).lower() or "script" in _memory_viz.trace_plot(written)


def test_a_block_is_the_last_allocation_at_its_address_before_it_was_seen():
    queue = Block(64, "", "queue", address=1, before=True)
    loss, gradient = Block(8, "loss", address=7), Block(8, "backward", address=7)
    mm, backward = ("aten::mm", 3), ("aten::mul", 4)
    found = joined(
        [
            Request(10, 7, 8, mm), Request(11, 7, -8, mm), Request(12, 7, 8, mm), Request(15, 7, -8, None),
            Request(20, 7, 8, backward), Request(22, 5, 16, backward), Request(30, 5, -16, None),
        ],
        [
            Event(0.0, 1, queue), Event(4e-9, 1, loss), Event(5e-9, -1, loss), Event(18e-9, 1, gradient),
            Event(26e-9, -1, queue),
        ],
        10,
    )  # fmt: skip
    assert [(block.cause, block.size, block.died) for block in found] == [
        ("queue", 64, 36), ("inside of aten::mm", 8, 11), ("loss", 8, 15), ("backward_temporaries", 8, None),
        (UNATTRIBUTED, 16, 30),
    ]  # fmt: skip
    assert at_peak(found) == {"queue": 64, "backward_temporaries": 8, UNATTRIBUTED: 16}


def test_on_cuda_the_allocators_own_history_is_written(stepper, monkeypatch, tmp_path):
    asked = []
    trace = [{"action": "alloc", "addr": 1, "size": 2, "stream": 0, "frames": [], "time_us": 0}]
    monkeypatch.setattr(torch.cuda.memory, "_record_memory_history", lambda *words, **more: asked.append(more))
    monkeypatch.setattr(torch.cuda.memory, "_snapshot", lambda: {"device_traces": [[], trace], "segments": []})
    numerics = stepper.numerics
    stepper.synchronise = lambda: None
    stepper.numerics = dataclasses.replace(numerics, device=torch.device("cuda:1"))
    monkeypatch.setattr(stepper, "step", lambda: None)
    snapshot.write_snapshot(tmp_path / "memory.pickle", {"vanilla": stepper})
    assert pickle.loads((tmp_path / "memory.pickle").read_bytes())["device_traces"] == [trace]
    assert asked[-1] == {"enabled": None}
