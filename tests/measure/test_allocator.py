import platform
import subprocess
import sys

import pytest

from moco_bench.measure import allocator
from moco_bench.measure.allocator import keep_freed_memory

FAULTS = """
import resource, sys, torch
from moco_bench.measure.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def work():
    torch.ones(2**24).add(1)  # two tensors of 64 MiB, beyond what glibc learns to keep by itself
for _ in range(10):  # the heap grows for a few rounds, until blocks fit
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    return int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True).stdout)


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked")
def test_freed_memory_is_used_again_without_asking_the_kernel():
    assert faults("keep") < faults("default") / 5


def test_elsewhere_nothing_is_touched(monkeypatch):
    monkeypatch.setattr(allocator.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(allocator.ctypes, "CDLL", None)
    assert keep_freed_memory() is False


def test_a_library_without_the_function_is_left_alone(monkeypatch):
    monkeypatch.setattr(allocator.platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    assert keep_freed_memory() is False
