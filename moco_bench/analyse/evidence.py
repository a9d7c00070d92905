"""What lies beside the table of runs and belongs to a judgement: floors, each image's outcome, other losses' bytes.

All of it may be absent. A file that is there and can't be used counts as absent: the report names damaged files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moco_bench.analyse.outcomes import Outcomes, read_outcomes
from moco_bench.errors import InputError
from moco_bench.files import ordinary, read_json

QUEUES = "profile/queues.csv"
"""Counted bytes of tensors at several queues, with three ways of writing the loss."""
_QUEUE_COLUMNS = {"arm", "queue_size", "version", "tensor_mib", "dataset", "encoder"}


@dataclass(frozen=True)
class Evidence:
    """Of one results directory; None: there is none, and nothing is known."""

    directory: Path | None = None

    @cached_property
    def floors(self) -> dict[str, Mapping[str, Any]]:
        """The content of `floors/DATASET.json` by data set."""
        if self.directory is None:
            return {}
        found = {path.stem: _mapping(path) for path in sorted((self.directory / "floors").glob("*.json"))}
        return {name: content for name, content in found.items() if content}

    @cached_property
    def queues(self) -> pd.DataFrame:
        """`profile/queues.csv`, empty where there is none."""
        try:
            if self.directory is None:
                raise FileNotFoundError
            table = pd.read_csv(ordinary(self.directory / QUEUES), encoding="utf-8")
            table["tensor_mib"] = pd.to_numeric(table["tensor_mib"])
        except (OSError, ValueError, KeyError):
            return pd.DataFrame(columns=sorted(_QUEUE_COLUMNS))
        return table if set(table.columns) >= _QUEUE_COLUMNS else table[:0].reindex(columns=sorted(_QUEUE_COLUMNS))

    def outcomes(self, place: str) -> Outcomes | None:
        """Which evaluation images a run got right: of the run at `place` in the results; None where it isn't known."""
        if self.directory is None or not place:
            return None
        path = (self.directory / place / "metrics.json").resolve()
        if not path.is_relative_to(self.directory.resolve()):  # a table from elsewhere must not read outside
            return None
        return read_outcomes(_mapping(path))

    def floor(self, dataset: str, encoder: str, pixels: str, untrained: str) -> tuple[float, float]:
        """One measure in percent on raw pixels, and on the untrained encoder, mean over seeds; NaN where unknown."""
        content = self.floors.get(dataset, {})
        of_pixels = content.get("pixels")
        of_encoders = content.get("random_encoder")
        of_seeds = of_encoders.get(encoder) if isinstance(of_encoders, Mapping) else None
        values = list(of_seeds.values()) if isinstance(of_seeds, Mapping) else []
        untrained_values = [_number(value, untrained) for value in values]
        return _number(of_pixels, pixels), _mean(np.array(untrained_values))


def _number(content: Any, name: str) -> float:
    value = content.get(name) if isinstance(content, Mapping) else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("nan")


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _mapping(path: Path) -> dict[str, Any]:
    try:
        value = read_json(path)
    except InputError:
        return {}
    return value if isinstance(value, dict) else {}
