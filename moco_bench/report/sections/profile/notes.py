"""Sentences about the profile: what an arm's step costs relative to the baseline, and how far to trust that."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from moco_bench.analyse.memory_claim import tensors_mib
from moco_bench.analyse.text import number
from moco_bench.measure.load import EXCLUSIVE_BELOW, STEADY_BELOW
from moco_bench.report.read.profile import (
    WHOLE_STEP,
    GridCellRows,
    phases_of_profile,
    profile_cells,
    profile_summary_of,
    profile_table_of,
)
from moco_bench.report.read.results import UNRANKED, Results

DISTURBED_FROM = 1.3
"""Longest over shortest time of one and the same piece of work, beyond which the timing counts as disturbed."""


def profile_notes(results: Results) -> list[str]:
    """Time of a step of each arm beside the baseline's, and whether the timing can be trusted."""
    table = profile_table_of(results, "time")
    if table.empty:
        return []
    steps = table[table["part"] == WHOLE_STEP]
    cells = profile_cells(steps)
    sentences = [text for cell in cells for text in (_step_time(cell, results.plan.baseline, len(cells) > 1),) if text]
    disturbed = steps[~steps["exclusive"]]
    if len(disturbed):
        sentences.append(
            f"The machine was not quiet: {_what_disturbed(disturbed)}. Ratios suffer less from that than times."
        )
    return [*sentences, *_disturbance(results, cells)]


def _what_disturbed(rows: pd.DataFrame) -> str:
    """The worst of every reason for which rows of `time.csv` are not of a quiet machine."""
    load, spread = float(rows["foreign_load"].max()), float(rows["reference_spread"].max())
    reasons = []
    if load >= EXCLUSIVE_BELOW:
        reasons.append(f"other processes used {number(100 * load, 0)} % of the CPU")
    if spread > STEADY_BELOW:
        reasons.append(f"the time of a fixed workload varied (third quartile {number(spread, 2)} times the first)")
    return " and ".join(reasons) or "its device was shared, or heat or a quota slowed it down"


def _step_time(cell: GridCellRows, baseline: str, several: bool) -> str:
    place = f" on {cell.dataset} with {cell.encoder}" if several else ""
    base = cell.rows[cell.rows["arm"] == baseline]
    others = [row for row in cell.rows.to_dict("records") if row["arm"] != baseline and not pd.isna(row["ratio"])]
    if base.empty or not others:
        return ""
    step, speed = (float(base[name].iloc[0]) for name in ("median_ms", "images_per_second"))
    unclear = all(row["ratio_q1"] <= 1 <= row["ratio_q3"] for row in others)
    words = "; 1 lies between the quartiles of each" if unclear else ""
    return (
        f"A training step of {baseline} takes {number(step, 0)} ms{place}, which is {number(speed, 0)} images/s. "
        f"Relative to it: {_listed(others)} (median [quartiles]{words}). Measured apart from the runs, with arms "
        "interleaved."
    )


def _disturbance(results: Results, cells: list[GridCellRows]) -> list[str]:
    """What fixed reference work, done before each turn, says about the timing."""
    ranges = [found for cell in cells if (found := reference_range(results, cell.dataset, cell.encoder))]
    low, high = max(ranges, key=lambda found: found[1] / found[0], default=(1.0, 1.0))
    if high / low <= DISTURBED_FROM:
        return []
    return [
        f"A fixed workload, run before each turn, took from {number(low, 1)} to {number(high, 1)} ms, so these times "
        "and "
        "ratios are rough."
    ]


def reference_range(results: Results, dataset: str, encoder: str) -> tuple[float, float] | None:
    """Shortest and longest time of the reference work, in ms, of the arm for which it varied most.

    Arms may have different numbers of threads, which it runs on as well. None where it wasn't recorded.
    """
    samples = profile_table_of(results, "samples")
    if samples.empty:
        return None
    own = samples[(samples["dataset"] == dataset) & (samples["encoder"] == encoder) & (samples["reference_ms"] > 0)]
    ranges = own.groupby("arm", sort=False)["reference_ms"].agg(["min", "max"]).itertuples(index=False, name=None)
    return max(((float(low), float(high)) for low, high in ranges), key=lambda ends: ends[1] / ends[0], default=None)


def tensor_notes(results: Results) -> list[str]:
    """Counted bytes of tensors at a step's peak, arm by arm, a sentence a data set and encoder."""
    memory = profile_table_of(results, "memory")
    if memory.empty:
        return []
    cells = profile_cells(tensors_mib(memory))
    sentences = []
    for cell in cells:
        place = f" on {cell.dataset} with {cell.encoder}" if len(cells) > 1 else ""
        sizes = dict(zip(cell.rows["arm"], cell.rows["mib"], strict=True))
        base = sizes.get(results.plan.baseline)
        shown = {number(size, 1) for size in sizes.values()}
        if len(sizes) > 1 and len(shown) == 1:
            said = f"{shown.pop()} MiB in every arm"
        else:
            said = _sizes(sizes, results.plan.baseline, base)
        sentences.append(f"Memory: at its peak a step{place} holds tensors of {said} (tensor bytes, worst case).")
    return sentences


def explained_notes(results: Results) -> list[str]:
    """The most of a process's memory that is left without a cause, in all arms, by phase."""
    sentences = []
    for phase in ("training", "evaluation"):
        found = [said for (*_, own), said in phases_of_profile(results).items() if own == phase]
        of_peak, above = (_largest(found, f"unattributed_{name}") for name in ("of_peak", "above_baseline"))
        if of_peak is not None and above is not None:
            sentences.append(
                f"Unattributed memory in {phase}: at most {number(100 * of_peak, 1)} % of the process\u2019s peak, and "
                f"{number(100 * above, 1)} % of what lies above Python and its libraries."
            )
    return sentences


def _largest(found: Sequence[Mapping[str, Any]], name: str) -> float | None:
    values = [value for said in found if isinstance(value := said.get(name), int | float)]
    return max(values, default=None)


def _listed(others: Sequence[Mapping[Any, Any]]) -> str:
    """Each arm's time relative to the baseline; of many arms the range."""
    if len(others) < UNRANKED:
        return "; ".join(_relative(row) for row in others)
    low, high = (number(pick(row["ratio"] for row in others), 2) for pick in (min, max))
    return f"the other {len(others)} arms {low} to {high}"


def _sizes(sizes: Mapping[str, float], baseline: str, base: float | None) -> str:
    if len(sizes) <= UNRANKED:
        return ", ".join(_size(arm, size, base if arm != baseline else None) for arm, size in sizes.items())
    low, high = (number(pick(sizes.values()), 1) for pick in (min, max))
    return f"{low} to {high} MiB in {len(sizes)} arms" + (f", {number(base, 1)} MiB in {baseline}" if base else "")


def _size(arm: str, mib: float, base: float | None) -> str:
    change = f" ({number(100 * (mib / base - 1), 1, signed=True)} %)" if base else ""
    return f"{arm} {number(mib, 1)} MiB{change}"


def machine_notes(results: Results) -> list[str]:
    """What else went on while it was measured, as far as the machine tells; a sentence a data set and encoder."""
    cells = profile_summary_of(results)
    sentences = [_surroundings(results, cell, len(cells) > 1) for cell in cells]
    return [sentence for sentence in sentences if sentence]


def _surroundings(results: Results, cell: Mapping[str, Any], several: bool) -> str:
    try:
        around = cell["surroundings"]
        place = f" ({cell['dataset']}, {cell['encoder']})" if several else ""
        others = ", ".join(f"{other['name']} {number(other['processors'], 2)}" for other in around["neighbours"])
        return (
            f"While steps were timed{place}, other processes used {number(100 * around['foreign_load'], 0)} % of the "
            "CPU"
            f"{f' (busiest, in processors: {others})' if others else ''}. "
            f"Thermal throttling: {_count(around['thermal_throttling'])}; held back by a quota: "
            f"{_count(around['quota_seconds'], ' s')}; fixed workload: {_reference(results, cell)}."
        )
    except (KeyError, TypeError, ValueError):  # a damaged summary
        return ""


def _count(value: float | None, unit: str = "") -> str:
    return "not readable here" if value is None else f"{number(value, 1 if unit else 0)}{unit}"


def _reference(results: Results, cell: Mapping[str, Any]) -> str:
    """The spread of one and the same piece of work, done before each turn."""
    found = reference_range(results, cell["dataset"], cell["encoder"])
    return f"{number(found[0], 1)} to {number(found[1], 1)} ms" if found else "not recorded"


def _relative(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["ratio"]):
        return ""
    low, high = number(row["ratio_q1"], 2), number(row["ratio_q3"], 2)
    return f"{row['arm']} {number(row['ratio'], 2)} [{low}, {high}]"


def all_profile_notes(results: Results) -> list[str]:
    """What of a process's memory is explained, and what else went on; time and tensors are on the first screen."""
    return [*explained_notes(results), *machine_notes(results)]
