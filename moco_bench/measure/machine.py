"""Describes the machine of a result: processor, memory, accelerator, versions. No host or user names."""

import platform
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from moco_bench.measure.nvml import settings_of
from moco_bench.measure.quota import available_cores, usable_memory

RECORDED_PACKAGES = ("moco-bench", "torch", "torchvision", "numpy", "pandas", "scikit-learn", "snakemake")


def describe_machine() -> dict[str, Any]:
    """The machine as plain values, as far as a reader needs them to judge a timing."""
    flags = cpu_flags()
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "cpu": _cpu_model(),
        "cores": available_cores(),
        "memory_gib": round(usable_memory() / 2**30, 1),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": bfloat16_hardware(flags),
        "gpus": gpus,
        "os": f"{platform.system()} {platform.machine()}",
    }


def kind_of(device: torch.device) -> str:
    """The model of the device that computes: times on devices of equal models are comparable."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"{_cpu_model()}, {torch.backends.cpu.get_cpu_capability()}, bfloat16 {bfloat16_hardware()}"


def describe_accelerator(device: torch.device) -> dict[str, Any] | None:
    """The CUDA device that a run computes on, with its libraries and settings; None on a CPU."""
    if device.type != "cuda":
        return None
    return {
        "name": torch.cuda.get_device_name(device),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        "tf32": {"cudnn": torch.backends.cudnn.allow_tf32, "matmul": torch.backends.cuda.matmul.allow_tf32},
        **(settings_of(device) or {}),
    }


def describe_versions() -> dict[str, str]:
    """Versions of Python and of packages that results depend on."""
    found = {"python": platform.python_version()}
    for package in RECORDED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def bfloat16_hardware(flags: frozenset[str] | None = None) -> str:
    """`amx`, `avx512` or `arm` if the processor has instructions for bfloat16 matmuls, else `none`."""
    flags = cpu_flags() if flags is None else flags
    for flag, name in (("amx_bf16", "amx"), ("avx512_bf16", "avx512"), ("bf16", "arm")):
        if flag in flags:
            return name
    return "none"


def cuda_has_bfloat16(device: torch.device) -> bool:
    """Whether a CUDA device multiplies in bfloat16, as cards since Ampere do; another device may be the current one."""
    return bool(torch.cuda.get_device_properties(device).major >= 8)


def bfloat16_pays(hardware: str | None = None, vendor: str | None = None) -> bool:
    """Whether matmuls in bfloat16 are faster than in float32 on this processor.

    Measured: they are with AVX512-BF16 on AMD's processors, and aren't on Intel's without AMX. Taken to be: with AMX,
    and on ARM; neither was available. A rule and no timing, so that every run on a machine comes to the same precision
    (docs/decisions/061). `hardware` is as `bfloat16_hardware` names it, `vendor` as Linux does (default: this
    processor's).
    """
    hardware = bfloat16_hardware() if hardware is None else hardware
    vendor = _cpuinfo("vendor_id") if vendor is None else vendor
    return hardware in ("amx", "arm") or (hardware == "avx512" and vendor == "AuthenticAMD")


def cpu_flags() -> frozenset[str]:
    """The processor's feature flags as Linux names them; empty elsewhere."""
    return frozenset(_cpuinfo("flags").split()) | frozenset(_cpuinfo("Features").split())


def _cpu_model() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(field: str) -> str:
    if not sys.platform.startswith("linux"):
        return ""
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        found = (line.partition(":") for line in lines)
        return next((value.strip() for name, _, value in found if name.strip() == field), "")
    return ""
