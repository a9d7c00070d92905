import socket
import time
from types import SimpleNamespace

import pytest
import torch

from moco_bench.measure import machine
from moco_bench.measure.machine import (
    bfloat16_hardware,
    bfloat16_pays,
    cuda_has_bfloat16,
    describe_machine,
    describe_versions,
)


@pytest.mark.parametrize(
    ("flags", "hardware"),
    [({"amx_bf16", "avx512_bf16"}, "amx"), ({"avx512_bf16"}, "avx512"), ({"bf16"}, "arm"), ({"avx2"}, "none")],
)
def test_bfloat16_is_read_off_the_flags(flags, hardware):
    assert bfloat16_hardware(frozenset(flags)) == hardware


@pytest.mark.parametrize(
    ("hardware", "vendor", "pays"),
    [
        ("amx", "GenuineIntel", True),
        ("arm", "", True),
        ("avx512", "AuthenticAMD", True),
        ("avx512", "GenuineIntel", False),
        ("none", "AuthenticAMD", False),
    ],
)
def test_bfloat16_pays_by_instruction_and_vendor(hardware, vendor, pays):
    assert bfloat16_pays(hardware, vendor) is pays


@pytest.mark.parametrize(("major", "has"), [(7, False), (8, True), (9, True)])
def test_a_card_has_bfloat16_since_ampere(major, has, monkeypatch):
    cards = {torch.device("cuda", 1): SimpleNamespace(major=major)}  # it alone is asked
    monkeypatch.setattr(torch.cuda, "get_device_properties", cards.__getitem__)
    assert cuda_has_bfloat16(torch.device("cuda", 1)) is has


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.skipif(bfloat16_hardware() == "none", reason="no bfloat16 in hardware")
def test_the_rule_for_bfloat16_is_what_this_processor_does():
    """Products of either precision in turns, the best of each: on processors measured so far one takes at most half."""
    matrices = [torch.full((512, 512), 0.5, dtype=dtype) for dtype in (torch.float32, torch.bfloat16)]
    best = [float("inf"), float("inf")]
    for _ in range(20):
        for index, matrix in enumerate(matrices):
            began = time.perf_counter()
            matrix @ matrix
            best[index] = min(best[index], time.perf_counter() - began)

    assert bfloat16_pays() == (best[1] < best[0])


def test_the_description_is_whole_and_anonymous():
    described = describe_machine()

    assert described["cores"] >= 1
    assert described["memory_gib"] > 0.1
    assert described["cpu"]
    assert socket.gethostname() not in str(described).split()
    assert describe_versions()["torch"].split("+")[0] == torch.__version__.split("+")[0]


def test_elsewhere_than_on_linux_flags_are_unknown(monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "darwin")

    assert machine.cpu_flags() == frozenset()
    assert describe_machine()["cpu"]
