"""Cost as the runs recorded it: speed, training time and memory of each arm."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd

from moco_bench.analyse.machines import on_main_machine
from moco_bench.analyse.table import equal_epochs
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM, KEY, Column, Row, Table, cell, heading, mean_cell
from moco_bench.report.model.words import count, sentence
from moco_bench.report.read.equal_compute import cells_with_own_runs
from moco_bench.report.read.results import UNRANKED, Results, by_arm, of_cell
from moco_bench.report.section import Section
from moco_bench.suite.metrics import METRICS


class ArmCost(NamedTuple):
    """A cost of one arm, to order by, and in words."""

    value: float
    said: str


def speed_notes(results: Results) -> list[str]:
    """Speed of each arm relative to the baseline from undisturbed runs, one sentence per data set and encoder."""
    done, baseline = equal_epochs(results.finished), results.plan.baseline
    if not done.empty and not done["exclusive"].any():
        alone = "No run had the machine to itself, so the runs\u2019 speeds are not reported."
        return [alone, *other_machines(done)]

    def said(own: pd.DataFrame) -> list[ArmCost]:
        means = own[own["exclusive"]].groupby("arm")["images_per_second"].mean()
        base = means.get(baseline, 0.0)
        known = [arm for arm in results.arms if arm != baseline and base > 0 and pd.notna(means.get(arm))]
        return [ArmCost(means[arm] / base, f"{arm} {number(means[arm] / base, 2)} times") for arm in known]

    notes = _by_cell(results, said, f"speed relative to {baseline}")
    disturbed = int((~done["exclusive"]).sum())
    if disturbed:
        notes.append(f"Speeds leave out {disturbed} of {count(len(done), 'run')}: something else ran on the machine.")
    return [*notes, *other_machines(done)]


def other_machines(runs: pd.DataFrame) -> list[str]:
    """Runs that costs leave out because they were made on other machines, in a sentence; none if there are none."""
    left = len(runs) - len(on_main_machine(runs))
    if not left:
        return []
    were = "was" if left == 1 else "were"
    return [
        f"Costs leave out {left} of {count(len(runs), 'run')}, which {were} made on another kind of machine than most."
    ]


def process_memory_notes(results: Results) -> list[str]:
    """Peak memory of the runs' processes with its spread over seeds."""

    def said(own: pd.DataFrame) -> list[ArmCost]:
        of_arm = by_arm(own)
        shown = {arm: mean_cell(of_arm[arm]["peak_memory_mib"], 0) for arm in results.arms}
        return [ArmCost(cell.value, f"{arm} {cell.text} MiB") for arm, cell in shown.items() if cell.text != ABSENT]

    return _by_cell(results, said, "peak memory of the process, mean and standard deviation over seeds")


def _by_cell(results: Results, said: Callable[[pd.DataFrame], list[ArmCost]], what: str) -> list[str]:
    """One sentence per data set and encoder: what is said of each arm's runs on the main kind of machine.

    Of many arms the lowest and the highest; the table of costs has all.
    """
    done, sentences = equal_epochs(results.finished), []
    for dataset, encoder in results.cells:
        own = on_main_machine(of_cell(done, dataset, encoder))
        parts, several = said(own), ""
        if len(parts) > UNRANKED:
            parts, several = [min(parts), max(parts)], f" (lowest and highest of {len(parts)} arms)"
        place = f"on {dataset} with {encoder}, " if len(results.cells) > 1 else ""
        if parts:
            sentences.append(sentence(f"{place}{what}{several}: {'; '.join(part.said for part in parts)}."))
    return sentences


SPEED = ("images_per_second", "step_ms_median", "train_seconds")
MEMORY = "peak_memory_mib"
NO_SPEEDS = "No run had the machine to itself, so no speeds are given."


def cost_table(results: Results, links: Links) -> Table | None:
    """One row per arm. Speeds come from runs that had the machine to themselves; memory from all finished runs.

    Both are of the kind of machine that made most of the runs.
    """
    found, serve_too = cells_with_own_runs(results)
    rows: list[dict[str, Any]] = []
    for (dataset, encoder, budget), runs in found:
        done = on_main_machine(runs[(runs["status"] == "done") & (runs["replicate"] == 1)])
        arms, base, there = by_arm(done), results.plan.baseline, frozenset(runs["arm"])
        rows += [
            {"arm": arm, "dataset": dataset, "encoder": encoder, "budget": budget,
             "own": arms[arm], "base": arms[base]}
            for arm in results.ranked_arms if arm in there
        ]  # fmt: skip
    timed = any(row["own"]["exclusive"].any() for row in rows)
    columns = (
        ARM,
        *KEY,
        *(Column.mean(name, heading(METRICS[name]), METRICS[name].decimals, _undisturbed) for name in SPEED),
        Column.number("relative_speed", "Speed, relative", 2, lambda row: _relative(row, "images_per_second", True)),
        Column.mean(MEMORY, "Peak memory, MiB", 0, lambda row: row["own"]),
        Column.number("relative_memory", "Memory, relative", 2, lambda row: _relative(row, MEMORY, False)),
        Column.text("memory_source", "Memory source", lambda row: ", ".join(
            sorted({str(v) for v in row["own"]["memory_source"] if v}))),
        Column.number("quiet_runs", "Undisturbed runs", of=lambda row: cell(
            f"{row['own']['exclusive'].sum()} of {len(row['own'])}", int(row["own"]["exclusive"].sum()))),
    )  # fmt: skip
    speeds = "Speeds come only from runs that had the machine to themselves." if timed else NO_SPEEDS
    said = "".join(f" {text}" for text in other_machines(results.finished))
    caption = f"Mean and standard deviation over seeds. {speeds}{said}{serve_too}"
    without = () if timed else (*SPEED, "relative_speed")
    return Table.of("cost", "Cost", caption, columns, rows, source=links.source("runs.csv"), without=without)


def _undisturbed(row: Row) -> pd.DataFrame:
    return pd.DataFrame(row["own"][row["own"]["exclusive"]])


def _relative(row: Row, metric: str, quiet: bool) -> float | None:
    """The arm's mean relative to the baseline's."""
    own, base = ((runs[runs["exclusive"]] if quiet else runs)[metric].mean() for runs in (row["own"], row["base"]))
    return float(own / base) if base > 0 and pd.notna(own) else None


SECTION = Section("cost", "Cost of the runs", tables=(cost_table,))
