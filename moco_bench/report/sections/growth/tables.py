"""How time and memory grow: fitted exponents, and memory over many steps."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from moco_bench.analyse.exponents import ENOUGH, MEASURES, TIMES, exponents_of
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import Cell, Column, Table, cell, drop_constant
from moco_bench.report.read.profile import FOLDER, profile_table_of, title_of
from moco_bench.report.read.results import Results
from moco_bench.report.sections.profile.work import ARM, GRID_COLUMNS, _number, _place


def exponents_table(results: Results, links: Links) -> Table | None:
    """Fitted exponents, a row an arm and quantity, a column a measure."""
    growth = profile_table_of(results, "growth")
    exponents = exponents_of(growth)
    if exponents.empty:
        return None
    rows, any_disturbed = [], bool(exponents["disturbed"].any())
    for key, own in exponents.groupby(["arm", "dataset", "encoder", "quantity"], sort=False):
        found = {row["measure"]: row for row in own.to_dict("records")}
        fits = (_exponent(found.get(measure)) for measure in MEASURES)
        rows.append((*(cell(name) for name in key), *fits, *((_disturbed(found),) if any_disturbed else ())))
    columns = (
        *ARM,
        Column("quantity", "Grows with", numeric=False),
        *(Column(measure, title.capitalize()) for measure, title in MEASURES.items()),
        *((Column("disturbed", "Disturbed times", numeric=False, sourced=True),) if any_disturbed else ()),
    )
    table = Table(
        "exponents",
        "Exponents of growth",
        "Cost as a power of one quantity: 1 is proportional, 0 independent; with the standard error of the fit. "
        f"{_about_disturbed(exponents)}".strip(),
        columns,
        tuple(rows),
        note=_about_falls(growth),
        source=links.source(f"{FOLDER}/growth.csv"),
    )
    return drop_constant(table, GRID_COLUMNS)


def _disturbed(found: Mapping[Any, Mapping[Any, Any]]) -> Cell:
    """How many of the times of a row were disturbed, and what became of them."""
    row = next((found[measure] for measure in TIMES if measure in found), None)
    if row is None:
        return Cell(ABSENT)
    measured = row["points"] + row["left_out"]
    if not row["disturbed"]:
        return cell(f"none of {measured}", 0)
    return cell(f"{row['disturbed']} of {measured}, {'left out' if row['left_out'] else 'kept'}", row["disturbed"])


def _about_disturbed(exponents: pd.DataFrame) -> str:
    """What disturbed times mean for the fits; nothing where none was."""
    of_times = exponents[exponents["measure"].isin(TIMES)]
    disturbed, left_out = (int(of_times[name].sum()) for name in ("disturbed", "left_out"))
    if not disturbed:
        return ""
    measured = int((of_times["points"] + of_times["left_out"]).sum())
    return (
        f"Disturbed: {disturbed} of {measured} times. Left out of the fits: {left_out}, namely where at least {ENOUGH} "
        "undisturbed ones remain. Memory isn't affected."
    )


def _about_falls(growth: pd.DataFrame) -> str:
    """Which series have no exponent, and why."""
    if "not_monotone" not in growth:
        return ""
    fallen = growth[growth["not_monotone"].fillna("") != ""]
    named = {
        f"{MEASURES[name]} with {title_of(row['quantity'])} ({row['arm']})": None
        for row in fallen.to_dict("records")
        for name in str(row["not_monotone"]).split()
        if name in MEASURES
    }
    if not named:
        return ""
    return f"Without an exponent, as they fall somewhere: {'; '.join(named)}."


def leak_table(results: Results, links: Links) -> Table | None:
    """Whether memory grows with the number of steps."""
    table = profile_table_of(results, "leak_verdicts")
    if table.empty:
        return None
    rows = tuple(
        (
            *_place(row),
            _number(row["steps"], 0),
            cell(number(row["kib_per_step"], 3), row["kib_per_step"]),
            _number(row["python_blocks_per_step"], 3),
            _number(row["resident_kib_per_step"], 3),
            cell("leaks", tone="bad") if row["leaks"] else cell("no leak", tone="good"),
        )
        for row in table.to_dict("records")
    )
    columns = (
        *ARM,
        Column("steps", "Steps"),
        Column("kib_per_step", "Growth, KiB per step"),
        Column("python_blocks_per_step", "Of which Python objects, per step"),
        Column("resident_kib_per_step", "Resident set, KiB per step"),
        Column("leaks", "Verdict", numeric=False),
    )
    caption = (
        "Median slope of memory over steps. The verdict uses the growth of malloc\u2019s (or CUDA\u2019s "
        "allocator\u2019s) bytes "
        "and of Python\u2019s small objects together."
    )
    return drop_constant(
        Table(
            "leaks",
            "Memory over many steps",
            caption,
            columns,
            rows,
            source=links.source(f"{FOLDER}/leak_verdicts.csv"),
        ),
        GRID_COLUMNS,
    )


def _exponent(row: dict[object, float] | None) -> Cell:
    if row is None:
        return Cell(ABSENT)
    error = row["standard_error"]
    shown = number(row["exponent"], 2) + ("" if pd.isna(error) else f" \u00b1 {number(error, 2)}")
    return cell(shown, row["exponent"])
