from dataclasses import replace

import pytest
import torch

from moco_bench.suite.config import TrainConfig
from moco_bench.train import compilation
from moco_bench.train.compilation import networks_of
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.state import initial_state

IMAGES = torch.Size((16, 1, 8, 8))
ALWAYS = TrainConfig(compile="always")


@pytest.fixture
def numerics(make_run):
    return resolve_numerics(make_run().train)


@pytest.fixture
def state(make_run, numerics):
    return initial_state(make_run(), numerics, channels=1, image_size=8)


def test_without_a_compiler_a_run_goes_on_eagerly_and_says_so(state, numerics, monkeypatch):
    monkeypatch.setattr(compilation.shutil, "which", lambda name: None)

    with pytest.warns(UserWarning, match="no C\\+\\+ compiler"):
        networks, note = networks_of(state, ALWAYS, numerics, IMAGES)

    assert networks.query is state.query_encoder
    assert networks.key is state.key_encoder
    assert note == "eager (no C++ compiler)"


def test_a_compiler_that_fails_is_noticed_before_training(state, numerics, monkeypatch):
    def broken(module, mode):
        raise RuntimeError("the toolchain is half installed\nand more")

    monkeypatch.setattr(torch, "compile", broken)

    with pytest.warns(UserWarning, match="half installed"):
        networks, note = networks_of(state, ALWAYS, numerics, IMAGES)

    assert networks.query is state.query_encoder
    assert note == "eager (compiler failed)"


def test_auto_does_not_compile_on_a_cpu(state, numerics):
    networks, note = networks_of(state, TrainConfig(), numerics, IMAGES)

    assert networks.query is state.query_encoder
    assert note == "eager"


@pytest.mark.parametrize(("device", "mode", "graphs"), [("cpu", None, False), ("cuda", "reduce-overhead", True)])
def test_both_encoders_are_compiled_and_only_on_cuda_into_graphs(state, numerics, monkeypatch, device, mode, graphs):
    asked = []

    def compile_it(module, mode):
        asked.append((module, mode))
        return module

    monkeypatch.setattr(torch, "compile", compile_it)
    monkeypatch.setattr(compilation, "_try_out", lambda *arguments: None)  # there is no CUDA device here

    networks, note = networks_of(state, ALWAYS, replace(numerics, device=torch.device(device)), IMAGES)

    assert asked == [(state.query_encoder, mode), (state.key_encoder, mode)]
    assert networks.graphs is graphs
    assert note == "compiled"


def test_an_encoder_that_is_called_twice_before_the_backward_pass_is_no_graph(state, numerics, monkeypatch):
    modes = []
    monkeypatch.setattr(torch, "compile", lambda module, mode: modes.append(mode) or module)
    monkeypatch.setattr(compilation, "_try_out", lambda *arguments: None)
    cuda = replace(numerics, device=torch.device("cuda"))

    networks, note = networks_of(state, ALWAYS, cuda, IMAGES, called_twice=True)

    assert (modes, networks.graphs, note) == ([None, None], False, "compiled")


def test_trying_out_leaves_the_encoder_as_it_was(state, numerics, monkeypatch):
    before = {name: value.clone() for name, value in state.query_encoder.state_dict().items()}
    monkeypatch.setattr(torch, "compile", lambda module, mode: module)

    networks_of(state, ALWAYS, numerics, IMAGES)

    assert all(torch.equal(value, before[name]) for name, value in state.query_encoder.state_dict().items())
    assert all(parameter.grad is None for parameter in state.query_encoder.parameters())
