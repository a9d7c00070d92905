"""Known parts to the byte, all parts to the peak, on a CPU and on a pretended CUDA."""

import pytest
import torch
from torch import nn

from moco_bench.measure import process
from moco_bench.measure.allocations import MIB
from moco_bench.measure.heap import Heap
from moco_bench.measure.process import ProcessMemory
from moco_bench.profile import memory as memory_module
from moco_bench.profile import stepper as stepper_module
from moco_bench.profile.accounting import (
    TENSOR_PARTS,
    Before,
)
from moco_bench.profile.memory import before_the_model, evaluation_memory, training_memory, watch_step
from moco_bench.profile.parts import BACKWARD, LOSS, PARTS, QUERY_FORWARD
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import part_rows
from moco_bench.profile.work import count_flops
from moco_bench.train.compilation import COMPILED
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


BEFORE = Before(
    ProcessMemory(500 * MIB, None, 200 * MIB, 500 * MIB), Heap(100 * MIB, 5 * MIB), images=10 * MIB, held=10 * MIB
)
AFTER = ProcessMemory(600 * MIB, 300 * MIB, 230 * MIB, 620 * MIB)


def test_a_peak_that_began_too_early_is_none(make_runs, dataset, monkeypatch):
    """Where the kernel doesn't let it start anew, it may be that of loading the images."""
    monkeypatch.setattr(memory_module, "restart_peak", lambda: False)
    before = before_the_model(dataset)
    stepper = Stepper(make_runs("vanilla")["vanilla"], dataset)
    for measured in (training_memory(stepper, before), evaluation_memory(stepper, before)):
        assert measured.counters["process_peak_rss"] is None
        assert measured.peak == measured.counters["process_rss"]
        assert "resident" in measured.peak_source


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


def test_compiled_steps_on_cuda_have_a_peak_of_their_own(monkeypatch, make_runs, dataset):
    made = []

    class Compiled:
        compilation = "compiled"
        steps = staticmethod(lambda count: made.extend(["step"] * count))
        synchronise = staticmethod(lambda: made.append("synchronise"))

    monkeypatch.setattr(memory_module, "Stepper", lambda *words: Compiled())
    monkeypatch.setattr(memory_module, "restart_peaks", lambda device: made.append("restart"))
    told = process.DeviceMemory(300 * MIB, 400 * MIB, None, graph_pools=64 * MIB)
    monkeypatch.setattr(memory_module, "device_memory", lambda device: told)
    run = make_runs("vanilla")["vanilla"]
    found = memory_module.compiled_peak(run, dataset, torch.device("cuda:0"))
    assert found == {"cuda_compiled_allocated": 300, "cuda_graph_pools": 64}
    assert made[:2] == ["restart", "step"], "the first steps record the graph, and only they allocate what it holds"
    assert made[-2:] == ["step", "synchronise"]
    assert made.count("step") >= memory_module.WATCHED_STEPS
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
