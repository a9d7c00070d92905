"""The meter against byte counts that follow from shapes, against a pretended CUDA, and against the kernel."""

import gc

import pytest
import torch
from torch import nn
from torch.nn.functional import relu

from moco_bench.measure.allocations import MIB, AllocationMeter, Block
from moco_bench.measure.process import process_memory

CPU = torch.device("cpu")
FLOAT = 4


def by_scope(block: Block) -> str:
    return block.cause or (f"{block.scope} saved" if block.saved else block.scope)


def sizes(*tensors: torch.Tensor) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def test_a_step_of_a_perceptron_to_the_byte():
    batch, inputs, hidden, outputs = 32, 100, 200, 10
    model = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    images = torch.randn(batch, inputs)
    meter = AllocationMeter(CPU)
    with meter:
        meter.claim("weights", model.parameters())
        meter.claim("images", [images])
        meter.scope = "forward"
        loss = model(images).sum()
        meter.scope = "backward"
        loss.backward()
        meter.claim("gradients", [parameter.grad for parameter in model.parameters()])
        meter.scope = "optimiser"
        optimiser.step()
    timeline = meter.ledger.timeline(by_scope)
    weights = sizes(*model.parameters())
    assert timeline.highest("weights") == weights
    assert timeline.highest("gradients") == weights
    assert timeline.highest("optimiser") == weights  # the momentum
    assert timeline.highest("images") == batch * inputs * FLOAT
    assert timeline.highest("forward saved") == batch * hidden * FLOAT  # the rectifier's result, for both neighbours
    # The hidden layer's gradient before and behind the rectifier, and the ones that backward starts from.
    assert timeline.highest("backward") == (2 * batch * hidden + 1) * FLOAT
    assert timeline.at_peak()["weights"] == weights
    assert timeline.peak == sum(timeline.at_peak().values())
    assert int(timeline.live[-1].sum()) == 3 * weights + batch * inputs * FLOAT + FLOAT  # and the loss


def test_batch_norm_saves_its_input_and_its_statistics():
    batch, channels, side = 4, 8, 16
    convolution, norm = nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
    images = torch.randn(batch, 3, side, side)
    meter = AllocationMeter(CPU, scope="forward")
    with meter:
        meter.claim("weights", [*convolution.parameters(), *norm.parameters(), *norm.buffers()])
        meter.claim("images", [images])
        output = norm(convolution(images))
    timeline = meter.ledger.timeline(by_scope)
    assert timeline.highest("forward saved") == (batch * channels * side**2 + 2 * channels) * FLOAT
    assert timeline.highest("forward") >= sizes(output)


def test_without_gradients_nothing_is_saved_and_all_is_given_back():
    layers = nn.Sequential(*(nn.Linear(64, 64, bias=False) for _ in range(5)))
    images = torch.randn(16, 64)
    meter = AllocationMeter(CPU, scope="forward")
    with meter, torch.no_grad():
        meter.claim("what stays", [images, *layers.parameters()])
        output = layers(images)
    timeline = meter.ledger.timeline(by_scope)
    assert timeline.parts == ("what stays", "forward")
    assert timeline.highest("forward") == 2 * 16 * 64 * FLOAT  # a layer's input and its output
    assert timeline.live[-1].sum() == sizes(images, *layers.parameters(), output)


def test_what_was_there_before_counts_from_when_it_is_first_seen():
    held = torch.zeros(100)
    meter = AllocationMeter(CPU, scope="work")
    with meter:
        nothing, view = meter.live, held[:10]
        assert (nothing, meter.live) == (0, 400)
    del view


def test_views_and_changes_in_place_take_no_memory():
    meter = AllocationMeter(CPU, scope="work")
    with meter:
        whole = torch.zeros(10, 10)
        parts = [whole[2:5], whole.t(), whole.view(-1), whole.detach()]
        whole.add_(1)
    assert meter.ledger.timeline(by_scope).peak == 400
    assert meter.live == 400
    del whole, parts


def test_a_small_view_keeps_its_whole_block():
    meter = AllocationMeter(CPU, scope="work")
    with meter:
        kept = torch.zeros(1000)[:1]
        gc.collect()
        alive = meter.live
    assert alive == 4000
    assert kept.numel() == 1


def test_several_results_of_one_operator_are_all_seen():
    meter = AllocationMeter(CPU, scope="work")
    with meter:
        values, places = torch.randn(50, 20).topk(5, dim=1)
    assert meter.ledger.timeline(by_scope).live[-1].sum() == 50 * 5 * (4 + 8)
    del values, places


def test_a_cause_may_become_known_after_the_end():
    meter = AllocationMeter(CPU, scope="work")
    with meter:
        first = torch.zeros(100)
        meter.claim("buffer", [first])
        del first
        second = torch.zeros(10)
    timeline = meter.ledger.timeline(by_scope)
    assert timeline.at_peak() == {"buffer": 400, "work": 0}
    assert timeline.live[-1].tolist() == [0, 40]
    del second


def test_other_devices_and_what_happens_outside_do_not_count():
    meter = AllocationMeter(CPU)
    before = torch.zeros(100)
    with meter:
        elsewhere = torch.zeros(100, device="meta")
    after = torch.zeros(100)
    assert meter.ledger.timeline(by_scope).peak == 0
    del before, elsewhere, after


def test_the_meter_changes_no_number():
    def gradient(watched: bool) -> torch.Tensor:
        torch.manual_seed(0)
        layer, images = nn.Linear(20, 30), torch.randn(8, 20)
        meter = AllocationMeter(CPU)
        if watched:
            with meter:
                relu(layer(images)).square().sum().backward()
        else:
            relu(layer(images)).square().sum().backward()
        return layer.weight.grad

    assert torch.equal(gradient(True), gradient(False))


def test_other_counters_can_be_read_behind_each_operator():
    """Also behind those of whose results the meter takes no notice: it is checked by what is read then."""
    seen = []
    meter = AllocationMeter(CPU, after_operator=lambda size: seen.append((size, meter.live)))
    with meter:
        first = torch.zeros(100)
        torch.zeros(7, device="meta")
        del first
        second = torch.zeros(50)
    assert seen == [(400, 400), (28, 400), (200, 200)]
    del second


def test_a_thinned_timeline_keeps_the_peak():
    meter = AllocationMeter(CPU, scope="work")
    with meter:
        for size in [*range(1, 40), 500, *range(1, 40)]:
            torch.zeros(size)
    whole = meter.ledger.timeline(by_scope)
    thin = whole.thinned(7)
    assert len(thin.seconds) == 7
    assert thin.peak == whole.peak == 2000
    assert (thin.seconds[1:] > thin.seconds[:-1]).all()
    assert whole.thinned(10_000) is whole


def test_an_empty_timeline_has_no_peak():
    timeline = AllocationMeter(CPU).ledger.timeline(by_scope)
    assert timeline.peak == 0
    assert timeline.at_peak() == {}


@pytest.mark.alone
@pytest.mark.slow
def test_the_kernel_agrees():
    """Blocks of this size are mapped one by one, so the resident set follows them at once."""
    gc.collect()
    before = process_memory().rss
    meter = AllocationMeter(CPU, scope="work")
    with meter:
        held = [torch.ones(64 * MIB // FLOAT) for _ in range(3)]
        counted, resident = meter.live, process_memory().rss - before
    assert counted == 3 * 64 * MIB
    assert resident == pytest.approx(counted, rel=0.02)
    del held
    assert meter.live == 0
    assert process_memory().rss - before < 8 * MIB
