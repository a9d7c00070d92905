"""What an ingredient costs: throughput, training time and memory of each arm, and relative to the baseline."""

import pandas as pd

from moco_bench.analyse.machines import on_main_machine
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Cell, Column, Table, cell, drop_constant, heading, mean_cell
from moco_bench.report.read.equal_compute import cells_with_own_runs
from moco_bench.report.read.results import Results
from moco_bench.report.sections.cost.notes import other_machines
from moco_bench.suite.metrics import METRICS

SPEED = ("images_per_second", "step_ms_median", "train_seconds")
NO_SPEEDS = "No run had the machine to itself, so no speeds are given."


def cost_table(results: Results, links: Links) -> Table:
    """One row per arm. Speeds come from runs that had the machine to themselves; memory from all finished runs.

    Both on the kind of machine that made the most of them.
    """
    found, serve_too = cells_with_own_runs(results)
    rows: list[tuple[Cell, ...]] = []
    elsewhere = other_machines(results.finished)
    for (dataset, encoder, budget), of_cell in found:
        done = of_cell[(of_cell["status"] == "done") & (of_cell["replicate"] == 1)]
        done = on_main_machine(done)
        quiet = done[done["exclusive"]]
        for arm in (arm for arm in results.ranked_arms if arm in set(of_cell["arm"])):
            own, own_quiet = done[done["arm"] == arm], quiet[quiet["arm"] == arm]
            rows.append(
                (
                    cell(arm),
                    cell(dataset),
                    cell(encoder),
                    cell(budget),
                    *(mean_cell(own_quiet[name], METRICS[name].decimals) for name in SPEED),
                    _relative(quiet, arm, "images_per_second", results.plan.baseline),
                    mean_cell(own["peak_memory_mib"], 0),
                    _relative(done, arm, "peak_memory_mib", results.plan.baseline),
                    cell(", ".join(sorted({str(v) for v in own["memory_source"] if v})) or ABSENT),
                    cell(f"{len(own_quiet)} of {len(own)}", len(own_quiet)),
                )
            )
    columns = (
        Column("arm", "Arm", numeric=False),
        *KEY,
        *(Column(name, heading(METRICS[name])) for name in SPEED),
        Column("relative_speed", "Speed, relative"),
        Column("peak_memory_mib", "Peak memory, MiB"),
        Column("relative_memory", "Memory, relative"),
        Column("memory_source", "Memory source", numeric=False),
        Column("quiet_runs", "Undisturbed runs"),
    )
    timed = any(row[-1].value for row in rows)
    table = Table(
        "cost",
        "Cost",
        "Mean and standard deviation over seeds. "
        + ("Speeds come only from runs that had the machine to themselves." if timed else NO_SPEEDS)
        + "".join(f" {said}" for said in elsewhere)
        + serve_too,
        columns,
        tuple(rows),
        source=links.source("runs.csv"),
    )
    return drop_constant(table, KEY_NAMES if timed else (*KEY_NAMES, *SPEED, "relative_speed"))


def _relative(rows: pd.DataFrame, arm: str, metric: str, baseline: str) -> Cell:
    """The arm's mean over the baseline's."""
    means = rows.groupby("arm")[metric].mean()
    if pd.isna(means.get(arm)) or not means.get(baseline, 0) > 0:
        return Cell(ABSENT)
    ratio = float(means[arm] / means[baseline])
    return cell(number(ratio, 2), ratio)
