import json

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.peers import contenders
from benchmarks.peers.loss_cost import RULES, LossInputs, LossVersion, peak_extra_bytes
from benchmarks.peers.run import run_benchmark
from benchmarks.peers.settings import ENCODERS
from benchmarks.peers.text import as_text
from moco_bench.contrast.logsumexp import plain_version
from moco_bench.models.encoder import build_encoder

COMPACT = "resnet-compact"
PEERS = {"lightly", "lightly_bfloat16", "demo"}


@pytest.fixture(scope="module")
def result(tiny, once, images):
    """A benchmark where lightly isn't installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contenders, "why_absent", lambda: "not installed")
        return run_benchmark(tiny, once, images, device="cpu")


def test_the_result_has_its_shape_and_survives_json(result):
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    for key in ("ratios", "ratios_float32"):
        assert set(result[key][COMPACT]) == PEERS
        assert result[key][COMPACT]["demo"] > 0
        assert result[key][COMPACT]["lightly"] is None
    assert result["ceiling_share"][COMPACT] > 0
    for key in ("loss", "loss_short_queue"):
        assert set(result[key]) == {"all", "hardest"}
        for cost in result[key].values():
            assert cost["peak_memory_ratio"] > 0
            assert cost["time_ratio"] > 0
    assert result["throughput"][COMPACT]["lightly"] == {"absent": "not installed"}
    assert len(result["throughput"][COMPACT]["demo"]["rounds"]) == 1
    assert result["machine"]["cores"] >= 1
    assert result["ceiling_gflops"]["float32"] > 0


def test_the_text_names_what_is_absent(result):
    text = as_text(result)
    assert "not installed" in text
    assert "resnet-compact, batches of 8" in text
    assert [line.split()[:2] for line in text.splitlines() if line.startswith(("all ", "hardest "))] == [
        ["all", "256"], ["hardest", "256"], ["all", "32"], ["hardest", "32"],
    ]  # fmt: skip


def test_the_step_counts_forward_of_two_views_and_backward_of_one(result, tiny):
    """Query: forward and two backward products; key: forward. A first layer needs no gradient of its images."""
    encoder = build_encoder(ENCODERS[COMPACT], channels=3, image_size=32, seed=0)
    with FlopCounterMode(display=False) as counter:
        encoder(torch.zeros(8, 3, 32, 32))
    forward = counter.get_total_flops()
    stem = 2 * 8 * 16 * 16 * ENCODERS[COMPACT].backbone.width * 3 * 4
    similarities = 2 * 8 * 32 * 128
    least = 4 * forward - stem + similarities
    colours = 2 * 8 * 2 * 3 * 3 * 32**2  # of both views, once: how many products an image takes depends on its draw

    assert least < result["step_gflops"][COMPACT] * 1e9 <= least + 6 * colours


def test_peak_memory_of_the_plain_loss_holds_its_matrix_and_of_the_streamed_one_does_not():
    inputs = LossInputs.random(64, 32768, 16, torch.device("cpu"))
    matrix = 64 * 32768 * 4

    plain = peak_extra_bytes(LossVersion("plain", inputs, RULES["all"], 0.1, plain_version), torch.device("cpu"))
    streamed = peak_extra_bytes(LossVersion("streamed", inputs, RULES["all"], 0.1), torch.device("cpu"))

    assert plain > matrix
    assert streamed < matrix / 2
    assert plain < 6 * matrix
