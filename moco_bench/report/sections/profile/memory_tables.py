"""Tables of the profile about memory alone: tensors part by part, and how much of a process's peak is explained."""

import pandas as pd

from moco_bench.analyse.memory_claim import PEAK
from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM_KEY, KEY, Cell, Column, Row, Table, cell
from moco_bench.report.model.words import count
from moco_bench.report.read.profile import (
    FOLDER,
    WHOLE_STEP,
    Key,
    phases_of_profile,
    profile_cells,
    profile_summary_of,
    profile_table_of,
    title_of,
)
from moco_bench.report.read.results import Results

SHOWN_FROM = 0.005
"""MiB below which a part would be shown as nothing."""
COUNTERS = {
    "heap_growth": "Growth of the heap, MiB",
    "tensor_growth": "Growth of tensors, MiB",
    "cuda_allocated": "CUDA allocated, MiB",
    "cuda_reserved": "CUDA reserved, MiB",
    "cuda_process": "CUDA process, MiB",
}
"""Those of `counters.csv` that no other table shows."""


def tensor_parts_table(results: Results, links: Links) -> Table | None:
    """One row per part and arms with equal figures: its own highest, when that was, and its share of the peak."""
    table = profile_table_of(results, "parts")
    if table.empty:
        return None
    peaks = [said for measured in profile_cells(table) for said in _peaks(measured.rows)]
    of_part = table.groupby(["dataset", "encoder", "part"], sort=False)["highest_mib"]
    table = table[of_part.transform("max") >= SHOWN_FROM].assign(highest_during=table["highest_during"].fillna(""))
    table = table.assign(part_order=of_part.ngroup(), **table[["highest_mib", "at_peak_mib"]].round(2))
    alike = ["part_order", "dataset", "encoder", "part", "highest_mib", "highest_during", "at_peak_mib"]
    rows = table.groupby(alike, sort=False)["arm"].agg(list).reset_index().sort_values("part_order", kind="stable")
    arms = table.groupby(["dataset", "encoder"])["arm"].nunique()

    def named(row: Row) -> str:
        whole = len(row["arm"]) == arms[row["dataset"], row["encoder"]] > 1
        return "every arm" if whole else ", ".join(row["arm"])

    def during(row: Row) -> str:
        return title_of(row["highest_during"]) or "the whole step"

    columns = (
        Column.text("part", "Part", lambda row: title_of(row["part"])),
        Column.text("arm", "Arm", named),
        *KEY[:2],
        Column.number("highest_mib", "Its own highest, MiB", 2),
        Column.text(
            "highest_during", "First reached during", lambda row: title_of(row["highest_during"]) or "the whole step"
        ),
        Column.number("at_peak_mib", "At the step's peak, MiB", 2),
    )
    caption = (
        "Bytes of tensors in a training step, counted: the most that each part ever holds, and what it holds when the "
        f"sum is highest, which is during {'; '.join(dict.fromkeys(peaks))}."
    )
    source = links.source(f"{FOLDER}/parts.csv")
    return Table.of("tensor_parts", "Tensors by part", caption, columns, rows.to_dict("records"), source=source)


def _peaks(rows: pd.DataFrame) -> list[str]:
    """In words, during which part of the step each arm's peak lies."""
    during = rows.drop_duplicates("arm").groupby("peak_during", sort=False)["arm"].apply(list)
    if len(during) == 1:
        return [f"{title_of(str(during.index[0]))} in every arm"]
    return [f"{title_of(str(part))} ({', '.join(arms)})" for part, arms in during.items()]


def explained_table(results: Results, links: Links) -> Table | None:
    """One row per arm and phase: its peak, what of it has no known cause, and the same memory as others count it."""
    memory, counters = profile_table_of(results, "memory"), profile_table_of(results, "counters")
    if memory.empty:
        return None
    said, counted = phases_of_profile(results), _by_phase(counters, "counter")
    rows = [
        {**dict(zip(("arm", "dataset", "encoder", "phase"), key, strict=True)), "peak_mib": sizes.get(PEAK),
         "unattributed_mib": sizes.get("unattributed"), **said.get(key, {}), **counted.get(key, {})}
        for key, sizes in _by_phase(memory, "part").items()
    ]  # fmt: skip
    shown = [name for name in COUNTERS if any(not pd.isna(row.get(name)) for row in rows)]
    files = {name: links.to(f"{FOLDER}/{name}") for name in ("memory.csv", "counters.csv", "profile.json")}
    columns = (
        *ARM_KEY,
        Column.text("phase", "Phase"),
        Column.number("peak_mib", "Peak, MiB", 1, href=files["memory.csv"]),
        Column.number("unattributed_mib", "Unattributed, MiB", 2, href=files["memory.csv"]),
        _share("unattributed_of_peak", "Of the peak, %", files["profile.json"]),
        _share("unattributed_above_baseline", "Of what lies above the baseline, %", files["profile.json"]),
        *(Column.number(name, COUNTERS[name], 1, href=files["counters.csv"]) for name in shown),
        Column.text("peak_source", "The peak is from", lambda row: row.get("peak_source") or "not recorded"),
    )
    caption = (
        "Unattributed: the part of the peak without a known cause. Growth: within the watched work, by malloc and by "
        "the meter of tensors, measured independently."
    )
    return Table.of("memory_explained", "How much of a process's memory is explained", caption, columns, rows)


def _by_phase(table: pd.DataFrame, column: str) -> dict[Key, dict[str, float]]:
    """MiB by the names in `column`, for each arm, data set, encoder and phase."""
    found: dict[Key, dict[str, float]] = {}
    for row in table.to_dict("records"):
        key = tuple(str(row[name]) for name in ("arm", "dataset", "encoder", "phase"))
        found.setdefault(key, {})[str(row[column])] = float(row["mib"])
    return found


def _share(name: str, title: str, href: str) -> Column:
    def percent(row: Row) -> float | None:
        share = row.get(name)
        return 100 * share if isinstance(share, int | float) and not isinstance(share, bool) else None

    return Column.number(name, title, 2, percent, href=href)


TOO_SHORT = "the counter never moved: too few steps"
WITHOUT_ENERGY = {TOO_SHORT: "too few steps", "not readable": "not readable here"}
"""What `work.csv` says became of measuring energy, in the words of a cell."""


def work_table(results: Results, links: Links) -> Table | None:
    """Arithmetic of a step, its share of the machine's ceiling, images a joule."""
    table = profile_table_of(results, "work")
    if table.empty:
        return None
    columns = (
        *ARM_KEY,
        Column.number("flops", "GFLOPs per step", of=lambda row: cell(number(row["flops"] / 1e9, 2), row["flops"])),
        Column.number("share_of_ceiling", "Of the measured ceiling, %", 1, lambda row: 100 * row["share_of_ceiling"]),
        Column.number("joules", "Energy per step, J", of=lambda row: _energy(row, "joules", 2)),
        Column.number("images_per_joule", "Images per joule", of=lambda row: _energy(row, "images_per_joule", 1)),
    )
    rows, source = table[table["part"] == WHOLE_STEP].to_dict("records"), links.source(f"{FOLDER}/work.csv")
    note = _about_energy(table)
    return Table.of("work", "Arithmetic and energy", _ceilings(results), columns, rows, note=note, source=source)


def _energy(row: Row, name: str, decimals: int) -> Cell:
    """A figure of energy, or why there is none."""
    if not pd.isna(row[name]):
        return cell(number(row[name], decimals), row[name])
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
