"""Reads a suite's profile: the tables below `results/SUITE/profile/` that exist."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from moco_bench.analyse.memory_claim import memory_claim, tensors_mib
from moco_bench.analyse.table import equal_epochs
from moco_bench.files import mapping_if_any
from moco_bench.report.read.results import Results

FOLDER = "profile"
WHOLE_STEP = "step"
_TEXT = (
    "arm", "dataset", "encoder", "phase", "part", "during", "highest_during", "peak_during", "quantity",
    "label", "version", "regime", "not_monotone", "energy", "limited_by",
)  # fmt: skip
_TRUTH = ("exclusive", "leaks")
_NEEDED = {
    "time": ("arm", "part", "median_ms", "q1", "q3", "foreign_load", "exclusive"),
    "memory": ("arm", "phase", "part", "mib"),
    "parts": ("arm", "part", "highest_mib", "at_peak_mib", "peak_during"),
    "timeline": ("arm", "ms"),
    "samples": ("arm", "repeat", "part", "milliseconds", "reference_ms"),
    "work": ("arm", "part", "flops"),
    "growth": ("arm", "quantity", "value", "median_ms", "tensor_mib", "loss_mib"),
    "queues": ("arm", "queue_size", "version", "tensor_mib", "loss_mib"),
    "capacity": ("arm", "limit_mib"),
    "leak_verdicts": ("arm", "steps", "kib_per_step", "leaks"),
}
_MAY_BE_EMPTY = {
    "time": ("images_per_second", "ratio", "ratio_q1", "ratio_q3", "reference_spread"),
    "parts": ("highest_during",),
    "timeline": ("during",),
    "work": ("share_of_ceiling", "joules", "images_per_joule", "energy"),
    "capacity": ("batch_size", "mib"),
    "leak_verdicts": ("python_blocks_per_step", "resident_kib_per_step"),
}


class GridCellRows(NamedTuple):
    """The rows of one table about one data set and encoder."""

    dataset: str
    encoder: str
    rows: pd.DataFrame


def profile_table_of(results: Results, name: str) -> pd.DataFrame:
    """The table `name`.csv of the profile, without damaged rows; empty if no row or file is usable."""
    path = results.directory / FOLDER / f"{name}.csv"
    if not path.is_file():
        return pd.DataFrame()
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8", on_bad_lines="skip")
    except (OSError, ValueError, UnicodeDecodeError):  # pandas' parser errors are ValueErrors
        return pd.DataFrame()
    needed = [*_NEEDED[name], "dataset", "encoder"]
    if any(column not in table for column in (*needed, *_MAY_BE_EMPTY.get(name, ()))):
        return pd.DataFrame()
    for column in table.columns:
        if column in _TRUTH:
            table[column] = table[column].str.lower().map({"true": True, "false": False})
        elif column not in _TEXT:
            table[column] = pd.to_numeric(table[column], errors="coerce").replace([np.inf, -np.inf], np.nan)
    table = table.dropna(subset=needed).reset_index(drop=True)
    return table.astype({column: bool for column in _TRUTH if column in table})


def profile_cells(table: pd.DataFrame) -> list[GridCellRows]:
    """The table by data set and encoder, in the order of measurement."""
    grouped = table.groupby(["dataset", "encoder"], sort=False) if len(table) else ()
    return [GridCellRows(str(dataset), str(encoder), rows) for (dataset, encoder), rows in grouped]


def profile_summary_of(results: Results) -> list[dict[str, Any]]:
    """The entries of `profile.json` on each data set and encoder; empty if it is unusable."""
    cells = mapping_if_any(results.directory / FOLDER / "profile.json").get("cells")
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def title_of(part: str) -> str:
    """A part's name in words."""
    return part.replace("_", " ")


COSTS = {"step_ms": "Time of a step, ms", "tensor_mib": "Memory of tensors, MiB"}
PLACE = ["dataset", "encoder", "arm"]


def accuracy_and_cost(results: Results) -> pd.DataFrame:
    """`results.accuracy`, `top1` with its `sd` over seeds, the profile's `step_ms` and `tensor_mib`: arms with all."""
    time, memory = profile_table_of(results, "time"), profile_table_of(results, "memory")
    metric = results.accuracy.name
    done = equal_epochs(results.finished).dropna(subset=metric)
    if time.empty or memory.empty or done.empty:
        return pd.DataFrame()
    accuracy = done.groupby(PLACE, sort=False)[metric].agg(top1="mean", sd="std").reset_index()
    steps = time[time["part"] == WHOLE_STEP][[*PLACE, "median_ms"]].rename(columns={"median_ms": "step_ms"})
    sizes = tensors_mib(memory).rename(columns={"mib": "tensor_mib"})
    return accuracy.merge(steps, on=PLACE).merge(sizes, on=PLACE)


def judged_memory_claim(results: Results) -> pd.DataFrame:
    """The memory claim, judged under all measured conditions."""
    accuracy = results.effects[results.effects["metric"] == results.primary.name]
    memory, queues = (profile_table_of(results, name) for name in ("memory", "queues"))
    margin = results.plan.config.margin_percent
    return memory_claim(memory, queues, accuracy, baseline=results.plan.baseline, margin_percent=margin)
