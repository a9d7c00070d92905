"""The one step of the analysis that touches files: a table of runs in, effects, claims and classes out."""

import csv
import io
from pathlib import Path

import pandas as pd

from moco_bench.analyse.analysis_plan import AnalysisPlan, plan_for
from moco_bench.analyse.claims import claims_of
from moco_bench.analyse.counted_memory import read_memory
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.images import class_differences
from moco_bench.analyse.pooled import pooled_effects
from moco_bench.analyse.table import read_runs
from moco_bench.files import write_text


def analyse(results: Path) -> tuple[pd.DataFrame, pd.DataFrame, AnalysisPlan]:
    """Analyse `results`/runs.csv by its suite.yaml (or the defaults); write and return effects and claims.

    Effects pooled over machines go to `pooled.csv`, where runs are of several machines. Claims on memory are judged by
    `results`/profile/memory.csv, where there is one.

    Raises:
        InputError: one of these files is there and can't be used, or there are no runs; nothing is written then.
    """
    plan = plan_for(results)  # first: the table may have columns of the suite's own metrics
    runs, memory = read_runs(results / "runs.csv"), read_memory(results)
    effects = effects_of(runs, plan)
    claims = claims_of(effects, plan, memory)
    write_table(results / "effects.csv", effects)
    write_table(results / "claims.csv", claims)
    for name, table in (("classes.csv", class_differences(runs, plan)), ("pooled.csv", pooled_effects(runs, plan))):
        if len(table):
            write_table(results / name, table)
        else:
            (results / name).unlink(missing_ok=True)
    return effects, claims, plan


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, atomically; truth values in lower case."""
    shown = table.copy()
    for name in shown.columns:
        if shown[name].dtype == bool:
            shown[name] = shown[name].map({True: "true", False: "false"})
    write_text(path, csv_text(shown))


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV; numbers with up to ten significant digits. Half the time of `to_csv` with a `float_format`."""
    columns = (
        [f"{value:.10g}" if value == value else "" for value in column.tolist()]
        if column.dtype == "float64"
        else column.astype(object).where(column.notna(), "").tolist()
        for _, column in table.items()
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue()
