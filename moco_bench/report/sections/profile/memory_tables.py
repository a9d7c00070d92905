"""Tables of the profile about memory alone: tensors part by part, and how much of a process's peak is explained."""

from typing import Any

import pandas as pd

from moco_bench.analyse.memory_claim import PEAK
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import Cell, Column, Table, cell, drop_constant
from moco_bench.report.read.profile import FOLDER, Key, phases_of_profile, profile_cells, profile_table_of, title_of
from moco_bench.report.read.results import Results

GRID_COLUMNS = ("dataset", "encoder")
PLACE_COLUMNS = (Column("dataset", "Data set", numeric=False), Column("encoder", "Encoder", numeric=False))
SHOWN_FROM = 0.005
"""MiB below which a part would be shown as nothing."""
COUNTERS = {
    "heap_growth": "Growth of the heap, MiB",
    "tensor_growth": "Growth of tensors, MiB",
    "process_rss": "Resident, MiB",
    "process_uss": "Unshared, MiB",
    "process_peak_rss": "Resident at most, MiB",
    "cuda_allocated": "CUDA allocated, MiB",
    "cuda_reserved": "CUDA reserved, MiB",
    "cuda_process": "CUDA process, MiB",
}
"""Those of `counters.csv` that no other table shows."""


def tensor_parts_table(results: Results, links: Links) -> Table | None:
    """One row a part and arms with equal figures: its own highest, when that was, and its share of the step's peak."""
    table = profile_table_of(results, "parts")
    if table.empty:
        return None
    rows: list[tuple[Cell, ...]] = []
    peaks = []
    for measured in profile_cells(table):
        peaks += _peaks(measured.rows)
        arms = measured.rows["arm"].nunique()
        for part, own in measured.rows.groupby("part", sort=False):
            if own["highest_mib"].max() < SHOWN_FROM:
                continue
            for found, equal in _alike(own):
                highest, during, at_peak = found
                same = len(equal) == arms and arms > 1
                rows.append(
                    (
                        cell(title_of(str(part))),
                        cell("every arm" if same else ", ".join(equal)),
                        cell(measured.dataset),
                        cell(measured.encoder),
                        cell(number(highest, 2), highest),
                        cell(title_of(during) or "the whole step"),
                        cell(number(at_peak, 2), at_peak),
                    )
                )
    columns = (
        Column("part", "Part", numeric=False),
        Column("arm", "Arm", numeric=False),
        *PLACE_COLUMNS,
        Column("highest_mib", "Its own highest, MiB"),
        Column("highest_during", "First reached during", numeric=False),
        Column("at_peak_mib", "At the step's peak, MiB"),
    )
    return drop_constant(
        Table(
            "tensor_parts",
            "Tensors by part",
            "Bytes of tensors in a training step, counted: the most that each part ever holds, and what it holds when "
            f"the sum is highest, which is during {'; '.join(dict.fromkeys(peaks))}.",
            columns,
            tuple(rows),
            source=links.source(f"{FOLDER}/parts.csv"),
        ),
        GRID_COLUMNS,
    )


def _alike(rows: pd.DataFrame) -> list[tuple[tuple[float, str, float], list[str]]]:
    """Arms by their figures, as far as these are shown."""
    found: dict[tuple[float, str, float], list[str]] = {}
    for row in rows.to_dict("records"):
        during = "" if pd.isna(row["highest_during"]) else str(row["highest_during"])
        key = (round(row["highest_mib"], 2), during, round(row["at_peak_mib"], 2))
        found.setdefault(key, []).append(str(row["arm"]))
    return list(found.items())


def _peaks(rows: pd.DataFrame) -> list[str]:
    """In words, during which part of the step each arm's peak lies."""
    first = rows.drop_duplicates("arm")
    during = first.groupby("peak_during", sort=False)["arm"].apply(list)
    if len(during) == 1:
        return [f"{title_of(str(during.index[0]))} in every arm"]
    return [f"{title_of(str(part))} ({', '.join(arms)})" for part, arms in during.items()]


def explained_table(results: Results, links: Links) -> Table | None:
    """One row an arm and phase: its peak, what of it has no known cause, and the same memory as others count it."""
    memory, counters = profile_table_of(results, "memory"), profile_table_of(results, "counters")
    if memory.empty:
        return None
    said = phases_of_profile(results)
    measured = _by_phase(counters, "counter")
    shown = [
        name for name in COUNTERS if any(not pd.isna(found.get(name, float("nan"))) for found in measured.values())
    ]
    files = {name: links.to(f"{FOLDER}/{name}") for name in ("memory.csv", "counters.csv", "profile.json")}
    rows = tuple(
        (
            *(cell(name) for name in key),
            _number(sizes.get(PEAK), 1, files["memory.csv"]),
            _number(sizes.get("unattributed"), 2, files["memory.csv"]),
            *(
                _number(_percent(said.get(key, {}).get(name)), 2, files["profile.json"])
                for name in ("unattributed_of_peak", "unattributed_above_baseline")
            ),
            *(_number(measured.get(key, {}).get(name), 1, files["counters.csv"]) for name in shown),
            cell(said.get(key, {}).get("peak_source") or "not recorded"),
        )
        for key, sizes in _by_phase(memory, "part").items()
    )
    columns = (
        Column("arm", "Arm", numeric=False),
        *PLACE_COLUMNS,
        Column("phase", "Phase", numeric=False),
        Column("peak_mib", "Peak, MiB"),
        Column("unattributed_mib", "Unattributed, MiB"),
        Column("unattributed_of_peak", "Of the peak, %"),
        Column("unattributed_above_baseline", "Of what lies above the baseline, %"),
        *(Column(name, COUNTERS[name]) for name in shown),
        Column("peak_source", "The peak is from", numeric=False),
    )
    table = Table(
        "memory_explained",
        "How much of a process's memory is explained",
        "Unattributed: the part of the peak without a known cause. Growth: within the watched work, by malloc and by "
        "the "
        "meter of tensors, measured independently.",
        columns,
        rows,
    )
    return drop_constant(table, GRID_COLUMNS)


def _by_phase(table: pd.DataFrame, column: str) -> dict[Key, dict[str, float]]:
    """MiB by the names in `column`, for each arm, data set, encoder and phase."""
    found: dict[Key, dict[str, float]] = {}
    for row in table.to_dict("records"):
        key = tuple(str(row[name]) for name in ("arm", *GRID_COLUMNS, "phase"))
        found.setdefault(key, {})[str(row[column])] = float(row["mib"])
    return found


def _percent(share: Any) -> float | None:
    return 100 * share if isinstance(share, int | float) and not isinstance(share, bool) else None


def _number(value: float | None, decimals: int, href: str) -> Cell:
    return Cell(ABSENT) if value is None or pd.isna(value) else cell(number(value, decimals), value, href=href)
