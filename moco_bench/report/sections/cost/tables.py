"""What an ingredient costs: throughput, training time and memory of each arm, and relative to the baseline."""

from typing import Any

import pandas as pd

from moco_bench.analyse.machines import on_main_machine
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM, KEY, Column, Row, Table, cell, heading, mean_cell
from moco_bench.report.read.equal_compute import cells_with_own_runs
from moco_bench.report.read.results import Results
from moco_bench.report.sections.cost.notes import other_machines
from moco_bench.suite.metrics import METRICS

SPEED = ("images_per_second", "step_ms_median", "train_seconds")
MEMORY = "peak_memory_mib"
NO_SPEEDS = "No run had the machine to itself, so no speeds are given."


def cost_table(results: Results, links: Links) -> Table | None:
    """One row per arm. Speeds come from runs that had the machine to themselves; memory from all finished runs.

    Both on the kind of machine that made the most of them.
    """
    found, serve_too = cells_with_own_runs(results)
    rows: list[dict[str, Any]] = []
    for (dataset, encoder, budget), runs in found:
        done = on_main_machine(runs[(runs["status"] == "done") & (runs["replicate"] == 1)])
        arms, base = dict(list(done.groupby("arm"))), results.plan.baseline
        rows += [
            {"arm": arm, "dataset": dataset, "encoder": encoder, "budget": budget,
             "own": arms.get(arm, done[:0]), "base": arms.get(base, done[:0])}
            for arm in results.ranked_arms if (runs["arm"] == arm).any()
        ]  # fmt: skip
    timed = any(row["own"]["exclusive"].any() for row in rows)
    columns = (
        ARM,
        *KEY,
        *(Column.number(name, heading(METRICS[name]), of=_speed_of(name)) for name in SPEED),
        Column.number("relative_speed", "Speed, relative", 2, lambda row: _relative(row, "images_per_second", True)),
        Column.number(MEMORY, "Peak memory, MiB", of=lambda row: mean_cell(row["own"][MEMORY], 0)),
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


def _speed_of(name: str) -> Any:
    return lambda row: mean_cell(row["own"].loc[row["own"]["exclusive"], name], METRICS[name].decimals)


def _relative(row: Row, metric: str, quiet: bool) -> float | None:
    """The arm's mean over the baseline's."""
    own, base = ((runs[runs["exclusive"]] if quiet else runs)[metric].mean() for runs in (row["own"], row["base"]))
    return float(own / base) if base > 0 and pd.notna(own) else None
