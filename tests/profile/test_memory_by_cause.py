"""Known parts to the byte, all parts to the peak, on a CPU and on a pretended CUDA."""

import pytest
import torch

from moco_bench.measure.allocations import MIB, Timeline
from moco_bench.measure.heap import Heap
from moco_bench.measure.process import DeviceMemory, ProcessMemory
from moco_bench.profile.memory import (
    TENSOR_PARTS,
    UNATTRIBUTED,
    Before,
    account,
    before_the_model,
    evaluation_memory,
    training_memory,
    watch_step,
)
from moco_bench.profile.stepper import Stepper

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


def test_the_process_is_explained_by_the_counters():
    before = Before(ProcessMemory(500 * MIB, None, 200 * MIB, 500 * MIB), Heap(100 * MIB, 5 * MIB), images=10 * MIB)
    after = ProcessMemory(600 * MIB, 300 * MIB, 230 * MIB, 620 * MIB)
    timeline = known_timeline(data_set=10, activations=50)
    memory = account(before, after, None, timeline, Heap(157 * MIB, 25 * MIB))
    assert memory.peak == 620
    assert memory.parts["baseline"] == 490
    assert memory.parts["library_code"] == 30
    assert memory.parts["library_objects"] == 7
    assert memory.parts["heap_free"] == 20
    assert memory.parts[UNATTRIBUTED] == 620 - 490 - 30 - 7 - 20 - 60


def test_what_a_platform_does_not_count_is_unattributed_and_not_baseline():
    before = Before(ProcessMemory(500 * MIB, None, None, None), None, images=10 * MIB)
    memory = account(before, ProcessMemory(600 * MIB, None, None, None), None, known_timeline(data_set=10), None)
    assert memory.parts["baseline"] == 490
    assert memory.parts[UNATTRIBUTED] == 100
    assert "heap_free" not in memory.parts


def test_on_cuda_the_allocators_peak_is_explained_by_tensors(monkeypatch):
    """Against a pretended `torch.cuda.max_memory_allocated`, which rounds every block up as the real one does."""
    before = Before(ProcessMemory(500 * MIB, None, None, None), None, images=0)
    timeline = known_timeline(activations=200, parameters=50)
    on_device = DeviceMemory(allocated=253 * MIB, reserved=300 * MIB, process=700 * MIB)
    memory = account(before, ProcessMemory(900 * MIB, None, None, None), on_device, timeline, None)
    assert memory.peak == 253
    assert memory.parts[UNATTRIBUTED] == 3
    assert "baseline" not in memory.parts
    assert memory.counters["cuda_reserved"] == 300
    assert memory.counters["cuda_process"] == 700
