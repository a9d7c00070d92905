"""What others have published, each number with its protocol."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from moco_bench.analyse.published import PROTOCOL, published
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import Cell, Column, Table, cell, drop_constant
from moco_bench.report.read.results import Results
from moco_bench.report.sections.runs.tables import _mapping

COUNTS = ("epochs", "batch", "queue")


def published_table(results: Results, links: Links) -> Table | None:
    """What others report for these data sets, with the protocol of each number; None where nobody is listed."""
    datasets = set(results.runs["dataset"]) | {
        str(_mapping(_mapping(record, "config"), "dataset").get("name")) for record in results.records.values()
    }
    found = published()
    found = found[found["dataset"].isin(datasets)]
    if found.empty:
        return None
    rows = tuple(
        (
            cell(row["method"]),
            cell(row["dataset"]),
            _cited(number(float(row["top1"]), 2), row, float(row["top1"])),
            *(_cited(row[name], row) if name in COUNTS else cell(row[name] or ABSENT) for name in PROTOCOL),
            _cited(row["peak_gpu_gb"], row),
            cell(row["device"] or ABSENT),
            _cited(f"{row['source']}, {row['cite']}", row),
        )
        for row in found.to_dict("records")
    )
    columns = (
        Column("method", "Method", numeric=False),
        Column("dataset", "Data set", numeric=False),
        Column("top1", "Top-1, %"),
        *(Column(name, name.capitalize(), numeric=name in COUNTS) for name in PROTOCOL),
        Column("peak_gpu_gb", "Peak GPU, GB"),
        Column("device", "Device", numeric=False),
        Column("cite", "Source", numeric=False),
    )
    table = Table(
        "published",
        "Published numbers",
        "Numbers of others, each under its own protocol; not comparable with this suite's unless every protocol column "
        "agrees.",
        columns,
        rows,
    )
    return drop_constant(table, ("dataset",))


def _cited(text: str, row: dict[Any, Any], value: float | None = None) -> Cell:
    """A number of others, with a link to where they say so, as far as the table of them knows."""
    return Cell(text, value, address_of(row)) if text else Cell(ABSENT)


def address_of(row: Mapping[Any, Any]) -> str:
    """Where a published number stands: its own `url` or `doi` where there is one, else the cited commit."""
    if row.get("url"):
        return str(row["url"]) if str(row["url"]).startswith("https://") else ""
    if row.get("doi"):
        return f"https://doi.org/{quote(str(row['doi']))}"
    commit = re.fullmatch(r"([\w.-]+/[\w.-]+)@([0-9a-f]{7,40})", str(row.get("cite", "")))
    return f"https://github.com/{commit[1]}/tree/{commit[2]}" if commit else ""
