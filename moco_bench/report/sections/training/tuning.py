"""Which settings each arm was given, where the suite chose them on held-out images."""

import pandas as pd

from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import Cell, Column, Table, cell, drop_constant
from moco_bench.report.read.results import Results
from moco_bench.suite.metrics import METRICS

FILE = "tune.csv"
_KEY = ("dataset", "encoder", "arm")
_OTHER = (*_KEY, "candidate", "metric", "score", "chosen")


def tuning_table(results: Results, links: Links) -> Table | None:
    """One row per arm and candidate with its score; None where nothing was tuned or the file can't be used."""
    try:
        found = pd.read_csv(results.directory / FILE, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError):
        return None
    if found.empty or not {*_OTHER} <= set(found.columns):
        return None
    settings = [str(name) for name in found.columns if name not in _OTHER]
    rows = tuple(
        (
            cell(row["arm"]),
            cell(row["dataset"]),
            cell(row["encoder"]),
            *(cell(row[name]) for name in settings),
            _score(row["score"]),
            cell("chosen", tone="good") if row["chosen"].lower() in ("true", "1", "yes") else cell("passed over"),
        )
        for row in found.to_dict("records")
    )
    metric = METRICS.get(str(found["metric"].iloc[0]))
    columns = (
        Column("arm", "Arm", numeric=False),
        Column("dataset", "Data set", numeric=False),
        Column("encoder", "Encoder", numeric=False),
        *(Column(name, name, numeric=False) for name in settings),
        Column("score", f"{metric.title}, {metric.unit}" if metric else "Score"),
        Column("chosen", "Setting", numeric=False),
    )
    caption = "Each arm\u2019s own settings, chosen on images held out of training; the runs above use what was chosen."
    table = Table("tuning", "Settings tried for each arm", caption, columns, rows, source=links.source(FILE))
    return drop_constant(table, ("dataset", "encoder"))


def _score(text: str) -> Cell:
    value = pd.to_numeric(text, errors="coerce")
    return cell(number(float(value), 2), float(value)) if pd.notna(value) else Cell("failed")
