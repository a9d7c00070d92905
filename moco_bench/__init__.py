"""moco_bench: a reproducible benchmarking and ablation suite for momentum contrast."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moco_bench.models.trained import load_encoder as load_encoder

try:
    __version__ = version("moco-bench")
except PackageNotFoundError:  # imported from a source tree that was never installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:
    """`load_encoder`, which needs torch, is imported when it is asked for."""
    if name == "load_encoder":
        return getattr(import_module("moco_bench.models.trained"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
