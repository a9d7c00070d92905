"""Arithmetic and energy of a training step."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import Cell, Column, Table, cell, drop_constant
from moco_bench.report.model.words import count
from moco_bench.report.read.profile import FOLDER, WHOLE_STEP, profile_summary_of, profile_table_of
from moco_bench.report.read.results import Results

ARM = (
    Column("arm", "Arm", numeric=False),
    Column("dataset", "Data set", numeric=False),
    Column("encoder", "Encoder", numeric=False),
)
GRID_COLUMNS = ("dataset", "encoder")
TOO_SHORT = "the counter never moved: too few steps"
WITHOUT_ENERGY = {TOO_SHORT: "too few steps", "not readable": "not readable here"}
"""What `work.csv` says became of measuring energy, in the words of a cell."""


def work_table(results: Results, links: Links) -> Table | None:
    """Arithmetic of a step, its share of the machine's ceiling, images a joule."""
    table = profile_table_of(results, "work")
    if table.empty:
        return None
    rows = tuple(
        (
            *_place(row),
            cell(number(row["flops"] / 1e9, 2), row["flops"]),
            _number(100 * row["share_of_ceiling"], 1),
            *(_energy(row, name, decimals) for name, decimals in (("joules", 2), ("images_per_joule", 1))),
        )
        for row in table[table["part"] == WHOLE_STEP].to_dict("records")
    )
    columns = (
        *ARM,
        Column("flops", "GFLOPs per step"),
        Column("share_of_ceiling", "Of the measured ceiling, %"),
        Column("joules", "Energy per step, J"),
        Column("images_per_joule", "Images per joule"),
    )
    return drop_constant(
        Table(
            "work",
            "Arithmetic and energy",
            _ceilings(results),
            columns,
            rows,
            note=_about_energy(table),
            source=links.source(f"{FOLDER}/work.csv"),
        ),
        GRID_COLUMNS,
    )


def _energy(row: Mapping[Any, Any], name: str, decimals: int) -> Cell:
    """A figure of energy, or why there is none."""
    if not pd.isna(row[name]):
        return _number(row[name], decimals)
    return Cell("not readable here" if pd.isna(row["energy"]) else WITHOUT_ENERGY.get(row["energy"], row["energy"]))


def _about_energy(table: pd.DataFrame) -> str:
    """What the figures of energy are of, or what the platform doesn't tell."""
    if table["joules"].notna().any():
        return (
            "Energy: of the processor packages (RAPL) and the device (NVML) over all of an arm's turns, other "
            "processes' share included."
        )
    if table["energy"].isin([TOO_SHORT]).any():
        return "Energy: the counters can be read but never moved, as the arm's turns were too short for them."
    return "Energy was not measured: neither RAPL nor NVML counters could be read."


def _ceilings(results: Results) -> str:
    said = []
    for measured in profile_summary_of(results):
        try:
            said += [
                f"{number(ceiling['flops'] / 1e9, 0)} GFLOP/s in {ceiling['precision']}, "
                f"{number(ceiling['bytes'] / 1e9, 1)} GB/s of copying, {count(ceiling['threads'], 'thread')}"
                for ceiling in measured["ceilings"]
            ]
        except (KeyError, TypeError, ValueError):  # a damaged summary
            continue
    counted = "FLOPs of matmuls and convolutions."
    return f"{counted} Ceiling: {'; '.join(dict.fromkeys(said)) or 'not recorded'}."


def _place(row: dict[object, object]) -> tuple[Cell, ...]:
    return tuple(cell(row[name]) for name in ("arm", *GRID_COLUMNS))


def _number(value: float, decimals: int) -> Cell:
    return Cell(ABSENT) if pd.isna(value) else cell(number(value, decimals), value)
