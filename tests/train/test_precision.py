import pytest
import torch
from torch import nn

from moco_bench.errors import InputError
from moco_bench.suite.config import TrainConfig
from moco_bench.train import precision
from moco_bench.train.precision import Numerics, compiled, resolve_device, resolve_numerics


@pytest.mark.parametrize(("hardware", "resolved"), [("amx", "bfloat16"), ("avx512", "bfloat16"), ("none", "float32")])
def test_auto_is_bfloat16_where_the_processor_multiplies_in_it(monkeypatch, hardware, resolved):
    monkeypatch.setattr(precision, "bfloat16_hardware", lambda: hardware)

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


CPU = Numerics(torch.device("cpu"), "float32", True)


def test_without_a_compiler_a_run_goes_on_eagerly_and_says_so(monkeypatch):
    monkeypatch.setattr(precision.shutil, "which", lambda name: None)
    module = nn.Linear(2, 2)

    with pytest.warns(UserWarning, match="no C\\+\\+ compiler"):
        called, note = compiled(module, TrainConfig(compile="always"), CPU, torch.zeros(3, 2))

    assert called is module
    assert note == "eager (no C++ compiler)"


def test_a_compiler_that_fails_is_noticed_before_training(monkeypatch):
    def broken(module):
        raise RuntimeError("the toolchain is half installed\nand more")

    monkeypatch.setattr(torch, "compile", broken)
    module = nn.Linear(2, 2)

    with pytest.warns(UserWarning, match="half installed"):
        called, note = compiled(module, TrainConfig(compile="always"), CPU, torch.zeros(3, 2))

    assert called is module
    assert note == "eager (compiler failed)"


def test_auto_does_not_compile_on_a_cpu():
    module = nn.Linear(2, 2)

    assert compiled(module, TrainConfig(), CPU, torch.zeros(3, 2)) == (module, "eager")
