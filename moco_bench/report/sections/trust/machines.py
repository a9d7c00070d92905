"""What several machines agree on: effects pooled over them, and runs that came to other numbers elsewhere."""

import pandas as pd

from moco_bench.analyse.pooled import pooled_effects
from moco_bench.analyse.text import interval, p_value
from moco_bench.files import ordinary
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, Column, Table, cell
from moco_bench.report.read.results import Results
from moco_bench.suite.metrics import METRICS

EFFECTS_FILE = "machine_effects.csv"
POOLED_FILE = "pooled.csv"
_NEEDED = {"run", "metric", "kept", "other", "difference", "kept_on", "other_on"}


def pooled_table(results: Results, links: Links) -> Table | None:
    """One row per effect on the primary metric, pooled over machines; without rows where all runs are of one."""
    metric = results.primary
    found = pooled_effects(results.runs, results.plan)
    columns = (
        Column.text("effect", "Effect"),
        *KEY,
        Column.number("estimate", "Pooled estimate", metric.decimals, signed=True),
        Column.text("interval", "Interval", lambda row: cell(interval(row["ci_low"], row["ci_high"], metric.decimals))),
        Column.number("machines", "Machines"),
        Column.number("seeds", "Seeds"),
        Column.number("between_machines", "SD between machines", metric.decimals),
        Column.text(
            "p_heterogeneity",
            "p, no difference between machines",
            lambda row: cell(p_value(row["p_heterogeneity"]), row["p_heterogeneity"]),
        ),
    )
    caption = (
        f"{metric.title}: effects paired within each kind of machine, pooled by DerSimonian and Laird\u2019s "
        "random-effects model. A difference between machines widens the interval."
    )
    rows = found[found["metric"] == metric.name].to_dict("records")
    source = links.source(POOLED_FILE) or links.source("runs.csv")
    return Table.of("pooled", "Effects over machines", caption, columns, rows, source=source)


def machine_effects_table(results: Results, links: Links) -> Table | None:
    """One row per run and accuracy that differed between two machines; None where `merge` found none."""
    found = _read(results)
    if found is None:
        return None
    columns = (
        Column.text("run", "Run", lambda row: cell(row["run"].partition("/runs/")[2] or row["run"])),
        Column.text("metric", "Metric", lambda row: cell(METRICS[row["metric"]].title)),
        Column.number("kept", "Kept", 2),
        Column.number("other", "Other", 2),
        Column.number("difference", "Difference", 2, signed=True),
        Column.text("kept_on", "Kept from"),
        Column.text("other_on", "Other from"),
    )
    caption = (
        "Runs with equal settings that came to unequal numbers on two machines (`moco-bench merge`). The kept ones are "
        "in this report."
    )
    rows, source = found.to_dict("records"), links.source(EFFECTS_FILE)
    return Table.of("machine_effects", "Effects of the machine", caption, columns, rows, source=source)


def _read(results: Results) -> pd.DataFrame | None:
    """The accuracies that `merge` listed; None where there are none, or where the file can't be used."""
    path = results.directory / EFFECTS_FILE
    try:
        found = pd.read_csv(ordinary(path), dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError):
        return None
    if not set(found.columns) >= _NEEDED:
        return None
    shown = found["metric"].map(lambda name: name in METRICS and METRICS[name].kind == "accuracy")
    numbers = found[["kept", "other", "difference"]].apply(pd.to_numeric, errors="coerce")
    chosen = shown & numbers.notna().all(axis=1)
    return pd.DataFrame(found.assign(**{name: numbers[name] for name in numbers.columns})[chosen])
