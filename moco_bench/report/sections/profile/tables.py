"""What a step of each arm costs, as the profile measured it, and relative to the baseline."""

from collections.abc import Sequence

import pandas as pd

from moco_bench.analyse.memory_claim import OUTSIDE_TENSORS, PEAK
from moco_bench.analyse.text import number
from moco_bench.measure.load import EXCLUSIVE_BELOW, STEADY_BELOW
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM_KEY, Cell, Column, Row, Table, cell
from moco_bench.report.read.profile import FOLDER, WHOLE_STEP, profile_cells, profile_table_of
from moco_bench.report.read.results import Results

ALIKE = 0.01
"""Part by which sizes of several arms may differ and count as the same."""


def profile_table(results: Results, links: Links) -> Table | None:
    """One row per arm: step time with quartiles, images per second, peak memory, what of it is tensors."""
    time, memory = profile_table_of(results, "time"), profile_table_of(results, "memory")
    if time.empty or memory.empty:
        return None
    training, evaluation = (memory[memory["phase"] == phase] for phase in ("training", "evaluation"))
    place = ["dataset", "encoder", "arm"]
    steps = time[time["part"] == WHOLE_STEP].merge(_sizes(training), on=place, how="left")
    peaks = _sizes(evaluation)[[*place, "peak_mib"]].rename(columns={"peak_mib": "evaluation_mib"})
    steps = steps.merge(peaks, on=place, how="left")
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
        Column.number("evaluation_mib", "Peak of evaluation, MiB", 0, href=memory_source),
        Column.number("reference_spread", "Fixed work, third over first quartile", 2, href=time_source),
        Column.text("machine", "Machine", lambda row: disturbance(row) or "undisturbed"),
    )
    caption = (
        "Medians and quartiles over rounds; relative to the baseline in the same round. Fixed work: the same matmuls "
        "and convolutions before each turn; a step\u2019s time over its time repeats better than milliseconds do."
    )
    rows, note = steps.to_dict("records"), about_evaluation(evaluation)
    return Table.of("profile", "Cost of a training step", caption, columns, rows, note=note)


def about_evaluation(memory: pd.DataFrame) -> str:
    """That peaks of evaluation differ by more than its tensors do, which isn't the arms' doing; empty where they don't.

    Said of each data set and encoder where tensors agree between arms within `ALIKE` and the process's peaks don't.

    Args:
        memory: the rows of `memory.csv` about evaluation.
    """
    cells = profile_cells(memory)
    sentences = []
    for measured in cells:
        sizes = _sizes(measured.rows)
        tensors, peaks = list(sizes["tensors_mib"]), list(sizes["peak_mib"])
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


def disturbance(row: Row) -> str:
    """Why a row of `time.csv` isn't of a quiet machine, in a few words; empty where it is."""
    if row["exclusive"]:
        return ""
    reasons = []
    if row["foreign_load"] >= EXCLUSIVE_BELOW:
        reasons.append(f"others used {100 * row['foreign_load']:.0f} % of the CPU")
    if row["reference_spread"] > STEADY_BELOW:
        reasons.append("its speed varied")
    return ", ".join(reasons) or "its device was shared, or heat or a quota slowed it down"


def _sizes(memory: pd.DataFrame) -> pd.DataFrame:
    """Of each arm: `peak_mib` of its process, `tensors_mib` in it, and `unattributed`, in percent of the peak."""
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
