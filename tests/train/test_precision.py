import pytest
import torch

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
