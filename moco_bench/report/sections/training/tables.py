"""Which settings each arm was given, where the suite chose them on held-out images."""

import pandas as pd

from moco_bench.analyse.text import number
from moco_bench.files import ordinary
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM, KEY, Cell, Column, Row, Table, cell
from moco_bench.report.read.results import Results
from moco_bench.suite.metrics import METRICS

FILE = "tune.csv"
_OTHER = ("dataset", "encoder", "arm", "candidate", "metric", "score", "chosen")


def tuning_table(results: Results, links: Links) -> Table | None:
    """One row per arm and candidate with its score; None where nothing was tuned or the file can't be used."""
    try:
        found = pd.read_csv(ordinary(results.directory / FILE), dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError):
        return None
    if found.empty or not {*_OTHER} <= set(found.columns):
        return None
    settings = [str(name) for name in found.columns if name not in _OTHER]
    metric = METRICS.get(str(found["metric"].iloc[0]))
    columns = (
        ARM,
        *KEY[:2],
        *(Column.text(name, name) for name in settings),
        Column.number("score", f"{metric.title}, {metric.unit}" if metric else "Score", of=_score),
        Column.text("chosen", "Setting", _chosen),
    )
    caption = "Each arm\u2019s own settings, chosen on images held out of training; the runs above use what was chosen."
    rows, source = found.to_dict("records"), links.source(FILE)
    return Table.of("tuning", "Settings tried for each arm", caption, columns, rows, source=source)


def _chosen(row: Row) -> Cell:
    return cell("chosen", tone="good") if row["chosen"].lower() in ("true", "1", "yes") else cell("passed over")


def _score(row: Row) -> Cell:
    value = pd.to_numeric(row["score"], errors="coerce")
    return cell(number(float(value), 2), float(value)) if pd.notna(value) else Cell("failed")
