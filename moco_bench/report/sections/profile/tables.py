"""Tables of each arm's step: cost relative to the baseline, tensors by part, FLOPs and energy."""

import pandas as pd

from moco_bench.analyse.memory_claim import OUTSIDE_TENSORS, PEAK
from moco_bench.analyse.text import number
from moco_bench.measure.load import EXCLUSIVE_BELOW, STEADY_BELOW
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM_KEY, KEY, Cell, Column, Row, Table, cell
from moco_bench.report.model.words import count
from moco_bench.report.read.profile import (
    FOLDER,
    WHOLE_STEP,
    profile_cells,
    profile_summary_of,
    profile_table_of,
    title_of,
)
from moco_bench.report.read.results import Results


def profile_table(results: Results, links: Links) -> Table | None:
    """One row per arm: step time with quartiles, images per second, peak memory, and the tensors' part of it."""
    time, memory = profile_table_of(results, "time"), profile_table_of(results, "memory")
    if time.empty or memory.empty:
        return None
    training, evaluation = (memory[memory["phase"] == phase] for phase in ("training", "evaluation"))
    place = ["dataset", "encoder", "arm"]
    steps = time[time["part"] == WHOLE_STEP].merge(_sizes(training), on=place, how="left")
    evaluated = _sizes(evaluation)[[*place, "peak_mib", "tensors_mib", "unattributed"]]
    steps = steps.merge(evaluated, on=place, how="left", suffixes=("", "_evaluation"))
    base = steps[steps["arm"] == results.plan.baseline].set_index(place[:2])["tensors_mib"].to_dict()
    time_source, memory_source = links.to(f"{FOLDER}/time.csv"), links.to(f"{FOLDER}/memory.csv")

    def relative(row: Row) -> float | None:
        of = base.get((row["dataset"], row["encoder"]), 0.0)
        return row["tensors_mib"] / of if of > 0 else None

    columns = (
        *ARM_KEY,
        Column.number("images_per_second", "Throughput, images/s", 0, href=time_source),
        _with_quartiles("step_ms", "Step, ms [quartiles]", "median_ms", 1, time_source),
        _with_quartiles("relative_time", "Time, relative [quartiles]", "ratio", 3, time_source),
        _with_quartiles("in_references", "Step over fixed work [quartiles]", "in_references", 2, time_source),
        Column.number("peak_mib", "Peak of the process, MiB", 0, href=memory_source),
        Column.number("tensors_mib", "Its tensors, MiB", 1, href=memory_source),
        Column.number("relative_tensors", "Tensors, relative", 3, relative, href=memory_source),
        Column.number("unattributed", "Unattributed, %", 1, href=memory_source),
        Column.number("peak_mib_evaluation", "Peak of evaluation, MiB", 0, href=memory_source),
        Column.number("tensors_mib_evaluation", "Tensors of evaluation, MiB", 1, href=memory_source),
        Column.number("unattributed_evaluation", "Unattributed in evaluation, %", 1, href=memory_source),
        Column.text("machine", "Machine", lambda row: "undisturbed" if row["exclusive"] else what_disturbed(row)),
    )
    caption = (
        "Medians and quartiles over rounds; relative to the baseline in the same round. Fixed work: the same matmuls "
        "and convolutions before each turn; a step\u2019s time divided by its time repeats better than milliseconds. "
        "Unattributed: the part of the peak without a known cause."
    )
    return Table.of("profile", "Cost of a training step", caption, columns, steps)


def what_disturbed(row: Row) -> str:
    """Why a row of `time.csv` with these figures counts as disturbed."""
    reasons = []
    if row["foreign_load"] >= EXCLUSIVE_BELOW:
        reasons.append(f"other processes used {number(100 * row['foreign_load'], 0)} % of the CPU")
    if row["reference_spread"] > STEADY_BELOW:
        spread = number(row["reference_spread"], 2)
        reasons.append(f"the time of a fixed workload varied (third quartile {spread} times the first)")
    return " and ".join(reasons) or "its device was shared, or heat or a quota slowed it down"


def _sizes(memory: pd.DataFrame) -> pd.DataFrame:
    """Each arm's `peak_mib` of the process, `tensors_mib` in it, and `unattributed`, in percent of the peak."""
    sizes = memory.pivot_table(index=["dataset", "encoder", "arm"], columns="part", values="mib", sort=False)
    of_tensors = [part for part in sizes if part not in (*OUTSIDE_TENSORS, PEAK)]
    peak, unknown = (sizes[name] if name in sizes else float("nan") for name in (PEAK, "unattributed"))
    tensors = sizes[of_tensors].sum(axis=1)
    return sizes.assign(peak_mib=peak, tensors_mib=tensors, unattributed=100 * unknown / peak).reset_index()


def _with_quartiles(name: str, title: str, of: str, decimals: int, href: str) -> Column:
    ends = ("q1", "q3") if of == "median_ms" else (f"{of}_q1", f"{of}_q3")

    def shown(row: Row) -> Cell | None:
        median, low, high = (row.get(part) for part in (of, *ends))
        if pd.isna(median):
            return None
        shown = (number(value, decimals) for value in (median, low, high))
        return cell("{} [{}, {}]".format(*shown), median, href=href)

    return Column.number(name, title, of=shown)


SHOWN_FROM = 0.005
"""Smaller parts, in MiB, would be shown as zero."""


def tensor_parts_table(results: Results, links: Links) -> Table | None:
    """One row per part and group of arms with equal figures: its own highest, when that was, its share of the peak."""
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
        return "all" if whole else ", ".join(row["arm"])

    columns = (
        Column.text("part", "Part", lambda row: title_of(row["part"])),
        Column.text("arm", "Arm", named),
        *KEY[:2],
        Column.number("highest_mib", "Own peak, MiB", 2),
        Column.text("highest_during", "Reached during", lambda row: title_of(row["highest_during"]) or "always"),
        Column.number("at_peak_mib", "At the step\u2019s peak, MiB", 2),
    )
    caption = (
        "Tensor bytes: each part\u2019s own peak in a training step, and what it holds at the step\u2019s peak, which "
        f"is reached during {'; '.join(dict.fromkeys(peaks))}."
    )
    source = links.source(f"{FOLDER}/parts.csv")
    return Table.of("tensor_parts", "Tensors by part", caption, columns, rows, source=source)


def _peaks(rows: pd.DataFrame) -> list[str]:
    """The part of the step during which each arm's peak lies, in words."""
    during = rows.drop_duplicates("arm").groupby("peak_during", sort=False)["arm"].apply(list)
    if len(during) == 1:
        return [f"{title_of(str(during.index[0]))} in every arm"]
    return [f"{title_of(str(part))} ({', '.join(arms)})" for part, arms in during.items()]


TOO_SHORT = "the counter never moved: too few steps"
WITHOUT_ENERGY = {TOO_SHORT: "too few steps", "not readable": "not readable here"}
"""Reasons for missing energy in `work.csv`, worded for a cell."""


def work_table(results: Results, links: Links) -> Table | None:
    """FLOPs of a step, their fraction of the machine's measured peak, and images per joule."""
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
    rows, source, note = table[table["part"] == WHOLE_STEP], links.source(f"{FOLDER}/work.csv"), _about_energy(table)
    return Table.of("work", "Arithmetic and energy", _ceilings(results), columns, rows, note=note, source=source)


def _energy(row: Row, name: str, decimals: int) -> Cell:
    """A figure of energy, or why it is missing."""
    if not pd.isna(row[name]):
        return cell(number(row[name], decimals), row[name])
    return Cell("not readable here" if pd.isna(row["energy"]) else WITHOUT_ENERGY.get(row["energy"], row["energy"]))


def _about_energy(table: pd.DataFrame) -> str:
    """What the energy figures cover, or why they are missing."""
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
