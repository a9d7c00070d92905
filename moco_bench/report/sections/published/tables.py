"""What others have published, each number with its protocol."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from moco_bench.analyse.published import COMPARED_SETTINGS, TOLERANCE_POINTS, agreement, published
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
    ours = _our_runs(results)
    rows = tuple(
        (
            cell(row["method"]),
            cell(row["dataset"]),
            _cited(number(float(row["top1"]), 2), row, float(row["top1"])),
            *_beside(row, ours, links.to("runs.csv")),
            *(_cited(row[name], row) if name in COUNTS else cell(row[name] or ABSENT) for name in COMPARED_SETTINGS),
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
        Column("ours", "Ours, %"),
        Column("our_runs", "Our runs"),
        Column("agreement", "Same protocol", numeric=False),
        *(Column(name, name.capitalize(), numeric=name in COUNTS) for name in COMPARED_SETTINGS),
        Column("peak_gpu_gb", "Peak GPU, GB"),
        Column("device", "Device", numeric=False),
        Column("cite", "Source", numeric=False),
    )
    table = Table(
        "published",
        "Published numbers",
        "Numbers of others, each under its own protocol; not comparable with this suite's unless every protocol column "
        "agrees. Where runs of this suite had the same protocol, their mean stands beside the number: it passes within "
        f"{TOLERANCE_POINTS:g} point.",
        columns,
        rows,
    )
    return drop_constant(table, ("dataset",))


def _our_runs(results: Results) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Settings and metrics of each finished run, each seed's first time."""
    places = list(dict.fromkeys(results.finished["directory"]))
    return [
        (_mapping(results.records.get(place, {}), "config"), results.metrics.get(place, {}))
        for place in places
        if place in results.records
    ]


def _beside(
    row: Mapping[Any, Any], runs: list[tuple[Mapping[str, Any], Mapping[str, Any]]], href: str
) -> tuple[Cell, Cell, Cell]:
    found = agreement(row, runs)
    if found is None:
        return Cell(ABSENT), Cell(ABSENT), Cell(ABSENT)
    verdict = cell("passes", tone="good") if found.passed else cell("fails", tone="bad")
    return Cell(number(found.ours, 2), found.ours, href), Cell(str(found.runs), found.runs, href), verdict


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
