"""moco_bench: a reproducible benchmarking and ablation suite for momentum contrast."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("moco-bench")
except PackageNotFoundError:  # imported from a source tree that was never installed
    __version__ = "0+unknown"
