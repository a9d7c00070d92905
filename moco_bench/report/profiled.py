"""A suite's profile as the report reads it: the tables below `results/SUITE/profile/`, those that are there."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from moco_bench.errors import InputError
from moco_bench.files import read_json
from moco_bench.report.results import Results

FOLDER = "profile"
WHOLE_STEP = "step"

_NEEDED = {
    "time": ("arm", "part", "median_ms", "q1", "q3", "ratio", "images_per_second", "exclusive"),
    "memory": ("arm", "phase", "part", "mib"),
    "timeline": ("arm", "ms", "during"),
    "samples": ("arm", "repeat", "part", "milliseconds", "reference_ms"),
    "work": ("arm", "part", "flops", "share_of_ceiling", "images_per_joule"),
    "growth": ("arm", "quantity", "value", "median_ms", "tensor_mib", "loss_mib"),
    "queues": ("arm", "queue_size", "version", "tensor_mib", "loss_mib"),
    "capacity": ("arm", "limit_mib", "batch_size", "mib"),
    "leak_verdicts": ("arm", "steps", "kib_per_step", "leaks"),
}


@dataclass(frozen=True)
class Cell:
    """The rows of one table about one data set and encoder."""

    dataset: str
    encoder: str
    rows: pd.DataFrame


def profile_table_of(results: Results, name: str) -> pd.DataFrame:
    """The table `name`.csv of the profile; empty where there is none or where it can't be used."""
    path = results.directory / FOLDER / f"{name}.csv"
    if not path.is_file():
        return pd.DataFrame()
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError, UnicodeDecodeError):  # pandas' parser errors are ValueErrors
        return pd.DataFrame()
    if any(column not in table for column in (*_NEEDED.get(name, ()), "dataset", "encoder")):
        return pd.DataFrame()
    return table


def profile_cells(table: pd.DataFrame) -> list[Cell]:
    """A table cell by cell, in the order in which they were measured."""
    if table.empty:
        return []
    return [
        Cell(str(dataset), str(encoder), rows)
        for (dataset, encoder), rows in table.groupby(["dataset", "encoder"], sort=False)
    ]


def profile_summary_of(results: Results) -> dict[str, Any]:
    """`profile.json`; empty where there is none or where it can't be used."""
    try:
        summary = read_json(results.directory / FOLDER / "profile.json")
    except InputError:
        return {}
    return summary if isinstance(summary, dict) else {}


def title_of(part: str) -> str:
    """A part's name in words."""
    return part.replace("_", " ")
