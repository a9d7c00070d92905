"""Known parts to the byte, all parts to the peak, on a CPU and on a pretended CUDA."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from moco_bench.measure import process
from moco_bench.measure.allocations import MIB, AllocationMeter, Timeline
from moco_bench.measure.heap import Heap
from moco_bench.measure.process import ProcessMemory, device_memory
from moco_bench.profile import arm_memory as arm_memory_module
from moco_bench.profile import memory as memory_module
from moco_bench.profile import stepper as stepper_module
from moco_bench.profile.accounting import (
    LIBRARY_OBJECTS_AT_MOST,
    TENSOR_PARTS,
    UNATTRIBUTED,
    Before,
    HeapWatch,
    account,
)
from moco_bench.profile.capacity import step_mib
from moco_bench.profile.memory import at_rest, before_the_model, evaluation_memory, training_memory, watch_step
from moco_bench.profile.parts import BACKWARD, LOSS, PARTS, QUERY_FORWARD
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import part_rows
from moco_bench.profile.work import count_flops
from moco_bench.train.compilation import COMPILED, EAGER
from moco_bench.train.step import Networks

FLOAT = 4


def bytes_of(tensors) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


@pytest.fixture
def watched(make_runs, dataset):
    def watch(arm: str, **changes):
        stepper = Stepper(make_runs("vanilla", arm, **changes)[arm], dataset)
        for _ in range(2):
            stepper.step()
        return stepper, watch_step(stepper)

    return watch


@pytest.mark.parametrize("arm", ["vanilla", "filter", "symmetric", "query-queue", "grouped"])
def test_what_stays_is_counted_to_the_byte(watched, dataset, arm):
    stepper, seen = watched(arm)
    timeline, state = seen.timeline, stepper.state
    encoder = [*state.query_encoder.parameters(), *state.query_encoder.buffers()]
    weights = bytes_of(state.query_encoder.parameters())
    queues = [*state.queue.buffers(), *(state.query_queue.buffers() if state.query_queue else ())]
    assert timeline.highest("data_set") == bytes_of([dataset.train.images, dataset.evaluation.images])
    assert timeline.highest("parameters") == bytes_of(encoder)
    assert timeline.highest("key_encoder") == bytes_of(encoder)
    assert timeline.highest("gradients") == weights
    assert timeline.highest("queue") == bytes_of(queues)
    slots = [slot for each in state.optimiser.state.values() for slot in each.values() if torch.is_tensor(slot)]
    assert timeline.highest("optimiser_state") == bytes_of(slots)


def test_activations_of_a_linear_network_follow_from_shapes(watched):
    """Doubling the batch doubles what is saved, but for the statistics of BatchNorm."""
    statistics = 0
    saved = {}
    for batch in (16, 32):
        stepper, seen = watched("vanilla", train={"batch_size": batch})
        saved[batch] = seen.timeline.highest("activations")
        norms = [m for m in stepper.state.query_encoder.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        statistics = sum(2 * norm.num_features * FLOAT for norm in norms)
    assert saved[32] - statistics == 2 * (saved[16] - statistics)


def test_every_byte_has_a_part_and_the_names_are_known(watched):
    for arm in ("vanilla", "filter", "symmetric", "anchored"):
        _, seen = watched(arm)
        assert set(seen.timeline.parts) <= set(TENSOR_PARTS)
        assert sum(seen.timeline.at_peak().values()) == seen.timeline.peak


def test_activations_are_gone_at_the_end(watched):
    _, seen = watched("vanilla")
    last = dict(zip(seen.timeline.parts, seen.timeline.live[-1].tolist(), strict=True))
    assert last["activations"] == 0
    assert last["gradients"] > 0


def test_the_parts_add_up_to_the_peak(make_runs, dataset):
    before = before_the_model(dataset)
    stepper = Stepper(make_runs("dual")["dual"], dataset)
    training = training_memory(stepper, before)
    assert sum(training.parts.values()) == pytest.approx(training.peak)
    assert training.counters["tensor_peak"] == pytest.approx(training.timeline.peak / MIB)
    assert training.counters["cuda_allocated"] is None
    evaluation = evaluation_memory(stepper, before)
    assert sum(evaluation.parts.values()) == pytest.approx(evaluation.peak)
    assert evaluation.parts["evaluation"] > 0


def known_timeline(**parts: int) -> Timeline:
    import numpy as np

    return Timeline(tuple(parts), np.zeros(1), np.array([list(parts.values())], dtype=np.int64) * MIB)


BEFORE = Before(
    ProcessMemory(500 * MIB, None, 200 * MIB, 500 * MIB), Heap(100 * MIB, 5 * MIB), images=10 * MIB, held=10 * MIB
)
AFTER = ProcessMemory(600 * MIB, 300 * MIB, 230 * MIB, 620 * MIB)


def heap_watch(rest: int = 137, held: int = 40, highest: int = 157, free: int = 25) -> HeapWatch:
    at_rest = Heap(rest * MIB, 40 * MIB)
    return HeapWatch(held * MIB, at_rest, at_rest, 40 * MIB, Heap(highest * MIB, free * MIB), (highest + free) * MIB)


def test_the_process_is_explained_by_the_counters():
    memory = account(BEFORE, AFTER, None, known_timeline(data_set=10, activations=50), heap_watch())
    assert memory.peak == 620
    assert memory.parts["baseline"] == 490
    assert memory.parts["library_code"] == 30
    assert memory.parts["library_objects"] == 7  # 37 more in use at rest, 30 of them tensors
    assert memory.parts["heap_free"] == 20
    assert memory.parts[UNATTRIBUTED] == 620 - 490 - 30 - 7 - 20 - 60
    assert memory.unattributed_of_peak == 13 / 620
    assert memory.unattributed_above_baseline == 0.1
    assert (memory.counters["heap_growth"], memory.counters["tensor_growth"]) == (20, 20)


@pytest.mark.parametrize("hidden", [10, 30, 50])
def test_what_the_meter_does_not_see_is_unattributed(hidden):
    """Whatever it overlooks, no other part may fill the gap."""
    usual = account(BEFORE, AFTER, None, known_timeline(data_set=10, activations=50), heap_watch())
    blind = account(BEFORE, AFTER, None, known_timeline(data_set=10, activations=50 - hidden), heap_watch())
    assert blind.parts[UNATTRIBUTED] - usual.parts[UNATTRIBUTED] == hidden
    assert blind.parts["library_objects"] == usual.parts["library_objects"]


@pytest.mark.parametrize(("rest", "said"), [(100, 0), (100 + 30 + 300, LIBRARY_OBJECTS_AT_MOST)])
def test_library_objects_are_bounded(rest, said):
    memory = account(BEFORE, AFTER, None, known_timeline(data_set=10), heap_watch(rest=rest))
    assert memory.parts["library_objects"] == said


def test_what_a_platform_does_not_count_is_unattributed_and_not_baseline():
    before = Before(ProcessMemory(500 * MIB, None, None, None), None, images=10 * MIB)
    after = ProcessMemory(600 * MIB, None, None, None)
    memory = account(before, after, None, known_timeline(data_set=10), HeapWatch())
    assert memory.parts["baseline"] == 490
    assert memory.parts[UNATTRIBUTED] == 100
    assert "heap_free" not in memory.parts
    assert "resident" in memory.peak_source


def test_a_peak_that_began_too_early_is_none(make_runs, dataset, monkeypatch):
    """Where the kernel doesn't let it start anew, it may be that of loading the images."""
    monkeypatch.setattr(memory_module, "restart_peak", lambda: False)
    before = before_the_model(dataset)
    stepper = Stepper(make_runs("vanilla")["vanilla"], dataset)
    for measured in (training_memory(stepper, before), evaluation_memory(stepper, before)):
        assert measured.counters["process_peak_rss"] is None
        assert measured.peak == measured.counters["process_rss"]
        assert "resident" in measured.peak_source


def test_malloc_agrees_with_the_meter_and_a_meter_that_overlooks_does_not(make_runs, dataset, monkeypatch):
    """The same step twice: growth within it, counted by malloc, is the tensors' only where all are seen."""
    if memory_module.heap() is None:
        pytest.skip("no mallinfo2 in this C library")
    stepper = Stepper(make_runs("filter", train={"batch_size": 64})["filter"], dataset)
    for _ in range(3):
        stepper.step()
    before = before_the_model(dataset)

    def growth() -> tuple[float, float]:
        watch = at_rest(torch.device("cpu"))
        seen = watch_step(stepper, watch)
        counters = account(before, AFTER, None, seen.timeline, watch).counters
        return counters["heap_growth"], counters["tensor_growth"]

    heap_growth, tensor_growth = growth()
    assert tensor_growth == pytest.approx(heap_growth, rel=0.1)
    see = AllocationMeter.see
    monkeypatch.setattr(AllocationMeter, "see", lambda self, tensor: None if self.scope in PARTS else see(self, tensor))
    heap_growth_still, nothing = growth()
    assert heap_growth_still == pytest.approx(heap_growth, rel=0.1)
    assert nothing < 0.5 * heap_growth_still


class Compiled(nn.Module):
    """Stands in for a compiled encoder, of which meters must see nothing."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        raise AssertionError("a meter watched a compiled pass")


def test_meters_never_see_a_compiled_pass(make_runs, dataset, monkeypatch):
    monkeypatch.setattr(
        stepper_module, "networks_of", lambda *given, **how: (Networks(Compiled(), Compiled()), COMPILED)
    )
    stepper = Stepper(make_runs("vanilla")["vanilla"], dataset)
    assert watch_step(stepper).timeline.peak > 0
    assert sum(count_flops(stepper).values()) > 0
    with pytest.raises(AssertionError, match="compiled pass"):
        stepper.step()


def test_an_arms_memory_is_that_of_eager_steps(make_runs, dataset, monkeypatch):
    """Peak and parts alike: the unwatched steps, whose peak counts, must not be compiled either."""
    asked = []

    def networks_of(state, config, *rest, **named):
        asked.append(config.compile)
        return Networks(state.query_encoder, state.key_encoder), EAGER

    monkeypatch.setattr(stepper_module, "networks_of", networks_of)
    monkeypatch.setattr(arm_memory_module, "load_dataset", lambda config: dataset)
    run = make_runs("vanilla", train={"compile": "always"})["vanilla"]
    arm_memory_module.arm_memory(run, "cpu", evaluation=False)
    step_mib(run, dataset, "cpu", 8)
    assert asked == ["never", "never"]


def test_on_cuda_the_allocators_peak_is_explained_by_tensors(monkeypatch):
    """A pretended `torch.cuda`: its peak is of the steps since its counters were reset, blocks rounded up."""
    peaks = {"allocated": 900 * MIB}
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: peaks.update(allocated=253 * MIB))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: peaks["allocated"])
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 300 * MIB)
    monkeypatch.setattr(process, "process_memory_of", lambda device: 700 * MIB)
    monkeypatch.setattr(process, "_workspaces", lambda device: 0)
    monkeypatch.setattr(process, "_graph_pools", lambda device: 0)
    cuda = torch.device("cuda", 0)
    memory_module.restart_peaks(cuda)
    before = replace(BEFORE, on_device=2 * MIB)
    memory = account(before, AFTER, device_memory(cuda), known_timeline(activations=200, parameters=50), HeapWatch())
    assert memory.peak == 253
    assert memory.parts[UNATTRIBUTED] == 1
    assert memory.parts["baseline"] == 2
    assert memory.counters["cuda_reserved"] == 300
    assert memory.counters["cuda_process"] == 700
    assert memory.peak_source == "CUDA's allocator"


def test_on_cuda_a_small_runs_peak_is_named_to_a_tenth(monkeypatch):
    """As on an H200: 33 MiB beside a baseline of 32 are the workspace of the thread of the backward pass."""
    allocated = {"now": 67 * MIB}
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 68 * MIB)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 80 * MIB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: allocated["now"])
    monkeypatch.setattr(torch._C, "_cuda_clearCublasWorkspaces", lambda: allocated.update(now=2 * MIB), raising=False)
    pools = [
        {"device": 0, "total_size": 5 * MIB, "segment_pool_id": (0, 1)},
        {"device": 0, "total_size": 7 * MIB, "segment_pool_id": (0, 0)},
        {"device": 1, "total_size": 9 * MIB, "segment_pool_id": (0, 1)},
    ]
    monkeypatch.setattr(torch.cuda, "memory_snapshot", lambda: pools)
    monkeypatch.setattr(process, "process_memory_of", lambda device: 600 * MIB)
    found = device_memory(torch.device("cuda", 0))
    assert (found.workspaces, found.graph_pools, found.context) == (65 * MIB, 5 * MIB, 520 * MIB)
    memory = account(replace(BEFORE, on_device=32 * MIB), AFTER, found, known_timeline(activations=2), HeapWatch())
    assert memory.parts["workspaces"] == 65
    assert memory.parts["baseline"] == 0
    assert memory.unattributed_of_peak < 0.1
    assert memory.counters["cuda_context"] == 520
    assert sum(memory.parts.values()) == pytest.approx(memory.peak)


def test_compiled_steps_on_cuda_have_a_peak_of_their_own(monkeypatch, make_runs, dataset):
    made = []

    class Compiled:
        compilation = "compiled"
        step = synchronise = staticmethod(lambda: made.append(1))

    monkeypatch.setattr(memory_module, "Stepper", lambda *words: Compiled())
    monkeypatch.setattr(memory_module, "restart_peaks", lambda device: made.clear())
    told = process.DeviceMemory(300 * MIB, 400 * MIB, None, graph_pools=64 * MIB)
    monkeypatch.setattr(memory_module, "device_memory", lambda device: told)
    run = make_runs("vanilla")["vanilla"]
    found = memory_module.compiled_peak(run, dataset, torch.device("cuda:0"))
    assert found == {"cuda_compiled_allocated": 300, "cuda_graph_pools": 64}
    assert len(made) == memory_module.WATCHED_STEPS + 1
    Compiled.compilation = "eager"
    assert memory_module.compiled_peak(run, dataset, torch.device("cuda:0")) == {}
    assert memory_module.compiled_peak(run, dataset, torch.device("cpu")) == {}


def test_on_cuda_the_baseline_is_what_the_first_product_leaves(monkeypatch):
    """A pretended allocator: the product's own tensors are gone, cuBLAS's workspace isn't."""
    ones, multiplied = torch.ones, []
    monkeypatch.setattr(torch, "ones", lambda *shape, device: ones(*shape))
    monkeypatch.setattr(torch, "mm", lambda left, right: multiplied.append(left.shape))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 32 * MIB if multiplied else 0)
    assert memory_module._libraries_on(torch.device("cuda", 0)) == 32 * MIB
    assert memory_module._libraries_on(torch.device("cpu")) == 0


def test_each_part_has_its_own_highest(make_runs, dataset):
    """The loss's buffers are gone at the step's peak, and are in the table all the same."""
    before = before_the_model(dataset)
    measured = training_memory(Stepper(make_runs("dual")["dual"], dataset), before)
    rows = {row["part"]: row for row in part_rows("dual", measured)}
    assert set(rows) == set(TENSOR_PARTS)
    assert rows["loss"]["highest_mib"] == measured.timeline.highest("loss") / MIB > 0
    assert rows["loss"]["highest_during"] in (LOSS, BACKWARD)
    assert rows["activations"]["highest_during"] == QUERY_FORWARD
    assert sum(row["at_peak_mib"] for row in rows.values()) == pytest.approx(measured.timeline.peak / MIB)
    (peak_during,) = {row["peak_during"] for row in rows.values()}
    assert peak_during in PARTS
    assert all(row["at_peak_mib"] <= row["highest_mib"] for row in rows.values())
