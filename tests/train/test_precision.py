from types import SimpleNamespace

import pytest
import torch
from torch.utils import deterministic as fills

from moco_bench.errors import InputError
from moco_bench.suite.config import TrainConfig
from moco_bench.train import precision
from moco_bench.train.precision import resolve_device, resolve_numerics


@pytest.mark.parametrize(("pays", "resolved"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_bfloat16_where_the_processor_is_faster_in_it(monkeypatch, pays, resolved):
    monkeypatch.setattr(precision, "bfloat16_pays", lambda: pays)

    assert resolve_numerics(TrainConfig(device="cpu")).precision == resolved


def test_a_precision_by_name_is_taken_by_its_name():
    assert resolve_numerics(TrainConfig(device="cpu", precision="bfloat16")).precision == "bfloat16"
    with pytest.raises(InputError, match="float16 needs a CUDA device"):
        resolve_numerics(TrainConfig(device="cpu", precision="float16"))


def test_threads_are_the_suites():
    before = torch.get_num_threads()
    try:
        resolve_numerics(TrainConfig(device="cpu", threads=2))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == torch.device("cpu")
    with pytest.raises(InputError, match="shows 0 CUDA devices"):
        resolve_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_device("auto") == torch.device("cuda:0")
    assert resolve_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(InputError, match="shows 2 CUDA devices"):
        resolve_device("cuda:2")


def test_float32_is_float32_in_cudnn_too():
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    resolve_numerics(TrainConfig(device="cpu"))
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


@pytest.fixture
def second_card(monkeypatch):
    """The second of two pretended cards; this process's settings are as before when the test ends."""
    cards = [SimpleNamespace(major=9), SimpleNamespace(major=7)]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: cards[device.index])
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    deterministic, filled = torch.are_deterministic_algorithms_enabled(), fills.fill_uninitialized_memory
    yield "cuda:1"
    torch.use_deterministic_algorithms(deterministic)
    fills.fill_uninitialized_memory = filled


def test_auto_asks_the_card_that_computes(second_card):
    assert resolve_numerics(TrainConfig(device=second_card)).precision == "float32"
    assert resolve_numerics(TrainConfig(device="cuda:0")).precision == "bfloat16"


def test_deterministic_algorithms_fill_no_memory(second_card):
    fills.fill_uninitialized_memory = True
    resolve_numerics(TrainConfig(device=second_card))
    assert torch.are_deterministic_algorithms_enabled()
    assert not fills.fill_uninitialized_memory


@pytest.mark.parametrize(("visible", "refused"), [("0", True), ("GPU-1,GPU-2", True), ("", False), ("-1", False)])
def test_who_was_given_a_gpu_does_not_train_on_a_cpu_unasked(visible, refused, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    assert resolve_device("cpu") == torch.device("cpu")
    if refused:
        with pytest.raises(InputError, match="shows no CUDA device; it doesn't train on a CPU instead"):
            resolve_device("auto")
    else:
        assert resolve_device("auto") == torch.device("cpu")
