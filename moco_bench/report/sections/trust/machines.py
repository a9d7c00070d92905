"""What several machines agree on: effects pooled over them, and runs that came to other numbers elsewhere."""

import pandas as pd

from moco_bench.analyse.metrics import METRICS
from moco_bench.analyse.pooled import pooled_effects
from moco_bench.analyse.text import interval, number, p_value
from moco_bench.errors import InputError
from moco_bench.files import check_regular
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Column, Table, cell, drop_constant
from moco_bench.report.read.results import Results

EFFECTS_FILE = "machine_effects.csv"
POOLED_FILE = "pooled.csv"
_NEEDED = {"run", "metric", "kept", "other", "difference", "kept_on", "other_on"}


def pooled_table(results: Results, links: Links) -> Table | None:
    """One row per effect on the primary metric, pooled over machines; None where all runs are of one."""
    metric = results.primary
    found = pooled_effects(results.runs, results.plan)
    found = found[found["metric"] == metric.name]
    rows = tuple(
        (
            cell(row["effect"]),
            *(cell(row[name]) for name in KEY_NAMES),
            cell(number(row["estimate"], metric.decimals, signed=True), row["estimate"]),
            cell(interval(row["ci_low"], row["ci_high"], metric.decimals)),
            cell(row["machines"], row["machines"]),
            cell(row["seeds"], row["seeds"]),
            cell(number(row["between_machines"], metric.decimals), row["between_machines"]),
            cell(p_value(row["p_heterogeneity"]), row["p_heterogeneity"]),
        )
        for row in found.to_dict("records")
    )
    columns = (
        Column("effect", "Effect", numeric=False),
        *KEY,
        Column("estimate", "Pooled estimate"),
        Column("interval", "Interval"),
        Column("machines", "Machines"),
        Column("seeds", "Seeds"),
        Column("between_machines", "SD between machines"),
        Column("p_heterogeneity", "p, no difference between machines"),
    )
    caption = (
        f"{metric.title}: effects paired within each kind of machine, pooled by DerSimonian and Laird\u2019s "
        "random-effects model. A difference between machines widens the interval."
    )
    source = links.source(POOLED_FILE) or links.source("runs.csv")
    return drop_constant(Table("pooled", "Effects over machines", caption, columns, rows, source=source), KEY_NAMES)


def machine_effects_table(results: Results, links: Links) -> Table | None:
    """One row per run and accuracy that differed between two machines; None where `merge` found none."""
    found = _read(results)
    if found is None:
        return None
    rows = tuple(
        (
            cell(row["run"].partition("/runs/")[2] or row["run"]),
            cell(METRICS[row["metric"]].title),
            cell(number(float(row["kept"]), 2), float(row["kept"])),
            cell(number(float(row["other"]), 2), float(row["other"])),
            cell(number(float(row["difference"]), 2, signed=True), float(row["difference"])),
            cell(row["kept_on"]),
            cell(row["other_on"]),
        )
        for row in found.to_dict("records")
    )
    columns = (
        Column("run", "Run", numeric=False),
        Column("metric", "Metric", numeric=False),
        Column("kept", "Kept"),
        Column("other", "Other"),
        Column("difference", "Difference"),
        Column("kept_on", "Kept from", numeric=False, prose=True),
        Column("other_on", "Other from", numeric=False, prose=True),
    )
    caption = (
        "Runs with equal settings that came to unequal numbers on two machines (`moco-bench merge`). The kept ones are "
        "in this report."
    )
    return Table("machine_effects", "Effects of the machine", caption, columns, rows, source=links.source(EFFECTS_FILE))


def _read(results: Results) -> pd.DataFrame | None:
    """The accuracies that `merge` listed; None where there are none, or where the file can't be used."""
    path = results.directory / EFFECTS_FILE
    try:
        check_regular(path, "a CSV table would be right")
        found = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (InputError, OSError, ValueError):
        return None
    if not set(found.columns) >= _NEEDED:
        return None
    shown = found["metric"].map(lambda name: name in METRICS and METRICS[name].kind == "accuracy")
    numbers = found[["kept", "other", "difference"]].apply(pd.to_numeric, errors="coerce").notna().all(axis=1)
    return found[shown & numbers]
