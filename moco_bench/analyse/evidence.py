"""Further inputs of a judgement beside the table of runs: floors, outcomes by image, other losses' bytes.

All of it may be absent. A file that is there and can't be used counts as absent: the report names damaged files.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from moco_bench.analyse.floors import Floors, whole_floors
from moco_bench.analyse.outcomes import KEY, Outcomes, read_outcomes
from moco_bench.errors import InputError
from moco_bench.files import ordinary, read_json

QUEUES = "profile/queues.csv"
"""Counted bytes of tensors at several queues, with three ways of writing the loss."""
_QUEUE_COLUMNS = {"arm", "queue_size", "version", "tensor_mib", "dataset", "encoder"}


@dataclass(frozen=True)
class Evidence:
    """The evidence in one results directory; without a directory nothing is known.

    `metrics`: the content of each metrics.json that has been read, at least its outcomes, by the run's place.
    """

    directory: Path | None = None
    metrics: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def floors(self) -> dict[str, Floors]:
        """The floors of each data set whose `floors/DATASET.json` is usable."""
        files = sorted((self.directory / "floors").glob("*.json")) if self.directory else []
        return whole_floors({path.stem: _content(path) for path in files})

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
        """Which evaluation images the run at `place` in the results got right; None where it isn't known."""
        if self.directory is None or not place:
            return None
        if place not in self.metrics:
            path = (self.directory / place / "metrics.json").resolve()
            inside = path.is_relative_to(self._root)  # a table from elsewhere must not make us read outside
            content = _content(path) if inside else None
            self.metrics[place] = {KEY: content.get(KEY)} if isinstance(content, dict) else {}
        return read_outcomes(self.metrics[place])

    @cached_property
    def _root(self) -> Path:
        return (self.directory or Path()).resolve()

    def floor(self, dataset: str, encoder: str, pixels: str, untrained: str) -> tuple[float, float]:
        """One measure in percent on raw pixels, and on the untrained encoder, mean over seeds; NaN where unknown."""
        content = self.floors.get(dataset, Floors())
        of_seeds = [one.get(untrained, math.nan) for one in content.random_encoder.get(encoder, {}).values()]
        return content.pixels.get(pixels, math.nan), float(np.mean(of_seeds)) if of_seeds else math.nan


def _content(path: Path) -> Any:
    try:
        return read_json(path)
    except InputError:
        return None
