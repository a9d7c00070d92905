"""Time of what changes besides the weights of ResNet-18 (queue, momentum encoder), and of its checkpoint."""

import pytest
import torch
from torch.nn.functional import normalize

from benchmarks.peers.own import run_of
from benchmarks.peers.settings import workload
from moco_bench.contrast.momentum import update_momentum_encoder
from moco_bench.contrast.queue import KeyQueue
from moco_bench.suite.config import TrainConfig
from moco_bench.train.checkpoint import load_checkpoint, save_checkpoint
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.state import initial_state


@pytest.fixture(scope="module")
def state():
    threads = torch.get_num_threads()
    train = TrainConfig(device="cpu", precision="float32", threads=threads)
    run = run_of("resnet18-cifar", workload(), train)
    return initial_state(run, resolve_numerics(train), channels=3, image_size=32)


@pytest.mark.parametrize("size", [4096, 65536])
def test_queue(benchmark, generator, size):
    queue = KeyQueue(size, 128, generator)
    keys, images = normalize(torch.randn(256, 128, generator=generator), dim=1), torch.arange(256)

    benchmark(queue.enqueue, keys, images)

    assert (queue.sample_index >= 0).any()


def test_momentum_update(benchmark, state):
    benchmark(update_momentum_encoder, state.query_encoder, state.key_encoder, 0.99)


def test_save_checkpoint(benchmark, state, tmp_path):
    benchmark.pedantic(save_checkpoint, (tmp_path, {"run": "a"}, state.state_dict()), rounds=5, warmup_rounds=1)

    assert (tmp_path / "latest.ckpt").stat().st_size > 2**20


def test_load_checkpoint(benchmark, state, tmp_path):
    save_checkpoint(tmp_path, {"run": "a"}, state.state_dict())

    loaded = benchmark.pedantic(load_checkpoint, (tmp_path, {"run": "a"}), rounds=5)

    assert loaded is not None
