"""What a step of each arm costs, as the profile measured it, and relative to the baseline."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from moco_bench.analyse.memory_claim import OUTSIDE_TENSORS, PEAK
from moco_bench.analyse.text import ABSENT, number
from moco_bench.measure.load import EXCLUSIVE_BELOW, STEADY_BELOW
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Cell, Column, Table, cell, drop_constant
from moco_bench.report.read.profile import FOLDER, WHOLE_STEP, profile_cells, profile_table_of
from moco_bench.report.read.results import Results

ARM_COLUMNS = ["dataset", "encoder", "arm"]
ALIKE = 0.01
"""Part by which sizes of several arms may differ and count as the same."""


def profile_table(results: Results, links: Links) -> Table | None:
    """One row an arm: step time with quartiles, images a second, peak memory, what of it is tensors."""
    time, memory = profile_table_of(results, "time"), profile_table_of(results, "memory")
    if time.empty or memory.empty:
        return None
    steps = time[time["part"] == WHOLE_STEP]
    training = memory[memory["phase"] == "training"]
    time_source, memory_source = links.to(f"{FOLDER}/time.csv"), links.to(f"{FOLDER}/memory.csv")
    tensors = {key: _tensors(rows) for key, rows in training.groupby(ARM_COLUMNS, sort=False)}
    of_evaluation = memory[memory["phase"] == "evaluation"]
    evaluation = of_evaluation[of_evaluation["part"] == PEAK].set_index(ARM_COLUMNS)["mib"]
    rows: list[tuple[Cell, ...]] = []
    for step in steps.to_dict("records"):
        place = (step["dataset"], step["encoder"])
        own = tensors.get((*place, step["arm"]))
        base = tensors.get((*place, results.plan.baseline))
        rows.append(
            (
                cell(step["arm"]),
                cell(step["dataset"]),
                cell(step["encoder"]),
                cell(number(step["images_per_second"], 0), step["images_per_second"], href=time_source),
                _with_quartiles(step, ("median_ms", "q1", "q3"), 1, time_source),
                _with_quartiles(step, ("ratio", "ratio_q1", "ratio_q3"), 3, time_source),
                _with_quartiles(step, ("in_references", "in_references_q1", "in_references_q3"), 2, time_source),
                *_memory_cells(own, base, memory_source),
                _size(evaluation.get((*place, step["arm"])), memory_source),
                _spread(step["reference_spread"], time_source),
                cell(disturbance(step) or "undisturbed"),
            )
        )
    columns = (
        Column("arm", "Arm", numeric=False),
        Column("dataset", KEY[0].title, numeric=False),
        Column("encoder", KEY[1].title, numeric=False),
        Column("images_per_second", "Throughput, images/s"),
        Column("step_ms", "Step, ms [quartiles]"),
        Column("relative_time", "Time, relative [quartiles]"),
        Column("in_references", "Step over fixed work [quartiles]"),
        Column("peak_mib", "Peak of the process, MiB"),
        Column("tensors_mib", "Its tensors, MiB"),
        Column("relative_tensors", "Tensors, relative"),
        Column("unattributed", "Unattributed, %"),
        Column("evaluation_mib", "Peak of evaluation, MiB"),
        Column("reference_spread", "Fixed work, third over first quartile"),
        Column("machine", "Machine", numeric=False),
    )
    table = Table(
        "profile",
        "Cost of a training step",
        "Medians and quartiles over rounds; relative to the baseline in the same round. Fixed work: the same matmuls "
        "and "
        "convolutions before each turn; a step\u2019s time over its time repeats better than milliseconds do.",
        columns,
        tuple(rows),
        note=about_evaluation(of_evaluation),
    )
    return drop_constant(table, KEY_NAMES)


def about_evaluation(memory: pd.DataFrame) -> str:
    """That peaks of evaluation differ by more than its tensors do, which isn't the arms' doing; empty where they don't.

    Said of each data set and encoder where tensors agree between arms within `ALIKE` and the process's peaks don't.

    Args:
        memory: the rows of `memory.csv` about evaluation.
    """
    cells = profile_cells(memory)
    sentences = []
    for measured in cells:
        sizes = [_tensors(rows) for _, rows in measured.rows.groupby("arm", sort=False)]
        tensors, peaks = ([own[name] for own in sizes] for name in ("tensors", "peak"))
        known = all(size > 0 for size in (*tensors, *peaks))  # so no NaN of a part that is missing, either
        if not known or _ratio(tensors) > 1 + ALIKE or _ratio(peaks) <= 1 + ALIKE:
            continue
        place = f" on {measured.dataset} with {measured.encoder}" if len(cells) > 1 else ""
        sentences.append(
            f"Evaluation{place} holds tensors of {_range(tensors, 1)} MiB in every arm. Its peaks differ "
            f"({_range(peaks)} MiB) by {_cause(measured.rows, max(peaks) - min(peaks))}, not by the arm."
        )
    return " ".join(sentences)


def _cause(rows: pd.DataFrame, difference: float) -> str:
    """What makes peaks of one evaluation differ: malloc's free memory, where it differs by half of `difference`."""
    kept = rows.loc[rows["part"] == "heap_free", "mib"]
    if kept.empty or kept.max() - kept.min() < difference / 2:
        return "what is no tensor"
    return f"what malloc had kept of freed memory ({_range(kept)} MiB)"


def _ratio(sizes: Sequence[float]) -> float:
    return max(sizes) / min(sizes)


def _range(sizes: Sequence[float] | pd.Series, decimals: int = 0) -> str:
    low, high = (number(float(size), decimals) for size in (min(sizes), max(sizes)))
    return low if low == high else f"{low} to {high}"


def disturbance(row: Mapping[Any, Any]) -> str:
    """Why a row of `time.csv` isn't of a quiet machine, in a few words; empty where it is."""
    if row["exclusive"]:
        return ""
    reasons = []
    if row["foreign_load"] >= EXCLUSIVE_BELOW:
        reasons.append(f"others used {100 * row['foreign_load']:.0f} % of the CPU")
    if row["reference_spread"] > STEADY_BELOW:
        reasons.append("its speed varied")
    return ", ".join(reasons) or "its device was shared, or heat or a quota slowed it down"


def _spread(value: float, href: str) -> Cell:
    return Cell(ABSENT) if pd.isna(value) else cell(number(value, 2), value, href=href)


def _tensors(rows: pd.DataFrame) -> dict[str, float]:
    sizes = rows.set_index("part")["mib"]
    return {
        "peak": float(sizes.get(PEAK, float("nan"))),
        "tensors": float(sizes[~sizes.index.isin((*OUTSIDE_TENSORS, PEAK))].sum()),
        "unattributed": float(sizes.get("unattributed", float("nan"))),
    }


def _memory_cells(own: dict[str, float] | None, base: dict[str, float] | None, href: str) -> tuple[Cell, ...]:
    if own is None:
        return (Cell(ABSENT),) * 4
    relative = own["tensors"] / base["tensors"] if base is not None and base["tensors"] > 0 else None
    unattributed = 100 * own["unattributed"] / own["peak"]
    return (
        cell(number(own["peak"], 0), own["peak"], href=href),
        cell(number(own["tensors"], 1), own["tensors"], href=href),
        Cell(ABSENT) if relative is None else cell(number(relative, 3), relative, href=href),
        cell(number(unattributed, 1), unattributed, href=href),
    )


def _size(mib: float | None, href: str) -> Cell:
    return Cell(ABSENT) if mib is None or pd.isna(mib) else cell(number(mib, 0), float(mib), href=href)


def _with_quartiles(row: Mapping[Any, Any], names: tuple[str, str, str], decimals: int, href: str) -> Cell:
    median, low, high = (row.get(name) for name in names)
    if pd.isna(median):
        return Cell(ABSENT)
    return cell(f"{number(median, decimals)} [{number(low, decimals)}, {number(high, decimals)}]", median, href=href)
