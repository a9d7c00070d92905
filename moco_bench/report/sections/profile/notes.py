"""Sentences about the profile: cost of each arm's step relative to the baseline, and reliability of the figures."""

from collections.abc import Mapping
from typing import Any

from moco_bench.analyse.memory_claim import tensors_mib
from moco_bench.analyse.text import number
from moco_bench.report.read.profile import WHOLE_STEP, GridCellRows, profile_cells, profile_summary_of, profile_table_of
from moco_bench.report.read.results import UNRANKED, Results, of_cell
from moco_bench.report.sections.profile.tables import what_disturbed

DISTURBED_FROM = 1.3
"""Longest over shortest time of the reference work, above which the timing counts as disturbed."""


def profile_notes(results: Results) -> list[str]:
    """Step time of each arm relative to the baseline, and whether the timing is reliable."""
    table = profile_table_of(results, "time")
    if table.empty:
        return []
    steps = table[table["part"] == WHOLE_STEP]
    cells = profile_cells(steps)
    sentences = [said for cell in cells if (said := _step_time(cell, results.plan.baseline, len(cells) > 1))]
    if not steps["exclusive"].all():
        worst = steps.loc[~steps["exclusive"], ["foreign_load", "reference_spread"]].max()
        what = what_disturbed(worst.to_dict())
        sentences.append(f"The machine was not quiet: {what}. Ratios suffer less from that than times.")
    ranges = [found for cell in cells if (found := reference_range(results, cell.dataset, cell.encoder))]
    low, high = max(ranges, key=lambda found: found[1] / found[0], default=(1.0, 1.0))
    if high / low > DISTURBED_FROM:
        sentences.append(
            f"A fixed workload, run before each turn, took from {number(low, 1)} to {number(high, 1)} ms, so these "
            "times and ratios are rough."
        )
    return sentences


def _step_time(cell: GridCellRows, baseline: str, several: bool) -> str:
    base = cell.rows[cell.rows["arm"] == baseline]
    others = cell.rows[(cell.rows["arm"] != baseline) & cell.rows["ratio"].notna()]
    if base.empty or others.empty:
        return ""
    place = f" on {cell.dataset} with {cell.encoder}" if several else ""
    step, speed = (float(base[name].iloc[0]) for name in ("median_ms", "images_per_second"))
    unclear = ((others["ratio_q1"] <= 1) & (others["ratio_q3"] >= 1)).all()
    words = "; 1 lies between the quartiles of each" if unclear else ""
    if len(others) < UNRANKED:
        told = "; ".join(
            f"{row['arm']} {number(row['ratio'], 2)} [{number(row['ratio_q1'], 2)}, {number(row['ratio_q3'], 2)}]"
            for row in others.to_dict("records")
        )
    else:
        told = f"the other {len(others)} arms {number(others['ratio'].min(), 2)} to {number(others['ratio'].max(), 2)}"
    return (
        f"A training step of {baseline} takes {number(step, 0)} ms{place}, which is {number(speed, 0)} images/s. "
        f"Relative to it: {told} (median [quartiles]{words}). Measured apart from the runs, with arms interleaved."
    )


def reference_range(results: Results, dataset: str, encoder: str) -> tuple[float, float] | None:
    """Shortest and longest time of the reference work, in ms, of the arm for which it varied most.

    Arms may have different numbers of threads, which it runs on as well. None where it wasn't recorded.
    """
    own = of_cell(profile_table_of(results, "samples"), dataset, encoder)
    if own.empty:
        return None
    own = own[own["reference_ms"] > 0]
    ranges = own.groupby("arm", sort=False)["reference_ms"].agg(["min", "max"]).itertuples(index=False, name=None)
    return max(((float(low), float(high)) for low, high in ranges), key=lambda ends: ends[1] / ends[0], default=None)


def tensor_notes(results: Results) -> list[str]:
    """Counted bytes of tensors at a step's peak, arm by arm, one sentence per data set and encoder."""
    memory, baseline = profile_table_of(results, "memory"), results.plan.baseline
    cells = profile_cells(tensors_mib(memory)) if len(memory) else []
    sentences = []
    for cell in cells:
        place = f" on {cell.dataset} with {cell.encoder}" if len(cells) > 1 else ""
        sizes = dict(zip(cell.rows["arm"], cell.rows["mib"], strict=True))
        base = sizes.get(baseline)
        low, high = (number(pick(sizes.values()), 1) for pick in (min, max))
        if len(sizes) > 1 and low == high:
            said = f"{low} MiB in every arm"
        elif len(sizes) > UNRANKED:
            said = f"{low} to {high} MiB in {len(sizes)} arms"
            said += f", {number(base, 1)} MiB in {baseline}" if base else ""
        else:
            said = ", ".join(_size(arm, size, base if arm != baseline else None) for arm, size in sizes.items())
        sentences.append(f"Memory: at its peak a step{place} holds tensors of {said} (tensor bytes, worst case).")
    return sentences


def _size(arm: str, mib: float, base: float | None) -> str:
    change = f" ({number(100 * (mib / base - 1), 1, signed=True)} %)" if base else ""
    return f"{arm} {number(mib, 1)} MiB{change}"


def machine_notes(results: Results) -> list[str]:
    """Other activity on the machine during the profile, as far as known; one sentence per data set and encoder."""
    cells = profile_summary_of(results)
    return [said for cell in cells if (said := _surroundings(results, cell, len(cells) > 1))]


def _surroundings(results: Results, cell: Mapping[str, Any], several: bool) -> str:
    try:
        around = cell["surroundings"]
        place = f" ({cell['dataset']}, {cell['encoder']})" if several else ""
        others = ", ".join(f"{other['name']} {number(other['processors'], 2)}" for other in around["neighbours"])
        busiest = f" (busiest, in processors: {others})" if others else ""
        heat, quota = around["thermal_throttling"], around["quota_seconds"]
        work = reference_range(results, cell["dataset"], cell["encoder"])
        return (
            f"While steps were timed{place}, other processes used {number(100 * around['foreign_load'], 0)} % of the "
            f"CPU{busiest}. "
            f"Thermal throttling: {UNREADABLE if heat is None else number(heat, 0)}; held back by a quota: "
            f"{UNREADABLE if quota is None else number(quota, 1) + ' s'}; fixed workload: "
            f"{f'{number(work[0], 1)} to {number(work[1], 1)} ms' if work else 'not recorded'}."
        )
    except (KeyError, TypeError, ValueError):  # a damaged summary
        return ""


UNREADABLE = "not readable here"
