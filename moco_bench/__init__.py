"""moco_bench: a reproducible benchmarking and ablation suite for momentum contrast."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moco_bench.models.trained import TrainedEncoder

try:
    __version__ = version("moco-bench")
except PackageNotFoundError:  # imported from a source tree that was never installed
    __version__ = "0+unknown"


def load_encoder(run: Path | str) -> "TrainedEncoder":
    """The encoder of a finished run, frozen, with its normalisation; see `moco_bench.models.trained`."""
    from moco_bench.models.trained import load_encoder  # torch is loaded where it is needed

    return load_encoder(run)
