"""How time and memory grow: fitted exponents, and memory over many steps."""

from collections.abc import Callable

import pandas as pd

from moco_bench.analyse.exponents import ENOUGH, MEASURES, TIMES, exponents_of
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM_KEY, Cell, Column, Row, Table, cell
from moco_bench.report.read.profile import FOLDER, profile_table_of, title_of
from moco_bench.report.read.results import Results


def exponents_table(results: Results, links: Links) -> Table | None:
    """Fitted exponents, one row per arm and quantity, one column per measure."""
    growth = profile_table_of(results, "growth")
    exponents = exponents_of(growth)
    if exponents.empty:
        return None
    rows = [
        {**dict(zip(KEYS, key, strict=True)), **{row["measure"]: row for row in own.to_dict("records")}}
        for key, own in exponents.groupby(list(KEYS), sort=False)
    ]
    disturbed = Column("disturbed", "Disturbed times", numeric=False, sourced=True, of=_disturbed)
    columns = (
        *ARM_KEY,
        Column.text("quantity", "Grows with"),
        *(Column.number(measure, title.capitalize(), of=_exponent_of(measure)) for measure, title in MEASURES.items()),
        *((disturbed,) if exponents["disturbed"].any() else ()),
    )
    caption = (
        "Cost as a power of one quantity: 1 is proportional, 0 independent; with the standard error of the fit. "
        f"{_about_disturbed(exponents)}"
    ).strip()
    source, note = links.source(f"{FOLDER}/growth.csv"), _about_falls(growth)
    return Table.of("exponents", "Exponents of growth", caption, columns, rows, note=note, source=source)


KEYS = ("arm", "dataset", "encoder", "quantity")


def _exponent_of(measure: str) -> Callable[[Row], Cell | None]:
    def shown(row: Row) -> Cell | None:
        fit = row.get(measure)
        if fit is None:
            return None
        error = "" if pd.isna(fit["standard_error"]) else f" \u00b1 {number(fit['standard_error'], 2)}"
        return cell(f"{number(fit['exponent'], 2)}{error}", fit["exponent"])

    return shown


def _disturbed(found: Row) -> Cell:
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

    def verdict(row: Row) -> Cell:
        return cell("leaks", tone="bad") if row["leaks"] else cell("no leak", tone="good")

    columns = (
        *ARM_KEY,
        Column.number("steps", "Steps", 0),
        Column.number("kib_per_step", "Growth, KiB per step", 3),
        Column.number("python_blocks_per_step", "Of which Python objects, per step", 3),
        Column.number("resident_kib_per_step", "Resident set, KiB per step", 3),
        Column.text("leaks", "Verdict", verdict),
    )
    caption = (
        "Median slope of memory over steps. The verdict uses the growth of malloc\u2019s (or CUDA\u2019s "
        "allocator\u2019s) bytes and of Python\u2019s small objects together."
    )
    rows = profile_table_of(results, "leak_verdicts").to_dict("records")
    source = links.source(f"{FOLDER}/leak_verdicts.csv")
    return Table.of("leaks", "Memory over many steps", caption, columns, rows, source=source)
