"""Numbers published by others, each with its protocol."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from moco_bench.analyse.published import COMPARED_SETTINGS, TOLERANCE_POINTS, agreement, published
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, Cell, Column, Row, Table, cell
from moco_bench.report.read.results import Results
from moco_bench.report.section import Section
from moco_bench.report.sections.runs import mapping_in

COUNTS = ("epochs", "batch", "queue")
VERDICTS = {True: cell("passes", tone="good"), False: cell("fails", tone="bad")}


def published_table(results: Results, links: Links) -> Table | None:
    """Published numbers on these data sets, each with its protocol; None if there are none."""
    datasets = set(results.runs["dataset"]) | {
        str(mapping_in(mapping_in(record, "config"), "dataset").get("name")) for record in results.records.values()
    }
    found = published()
    found = found[found["dataset"].isin(datasets)]
    if found.empty:
        return None
    ours = _our_runs(results)
    rows = [{**row, "found": agreement(row, ours)} for row in found.to_dict("records")]
    href = links.to("runs.csv")
    columns = (
        Column.text("method", "Method"),
        KEY[0],
        Column.number(
            "top1", "Top-1, %", of=lambda row: _cited(number(float(row["top1"]), 2), row, float(row["top1"]))
        ),
        Column.number("ours", "Ours, %", 2, lambda row: row["found"] and row["found"].ours, href=href),
        Column.number("our_runs", "Our runs", None, lambda row: row["found"] and row["found"].runs, href=href),
        Column.text("agreement", "Same protocol", lambda row: row["found"] and VERDICTS[row["found"].passed]),
        *(
            _cited_column(name, name.capitalize()) if name in COUNTS else Column.text(name, name.capitalize())
            for name in COMPARED_SETTINGS
        ),
        _cited_column("peak_gpu_gb", "Peak GPU, GB"),
        Column.text("device", "Device"),
        Column.text("cite", "Source", lambda row: _cited(f"{row['source']}, {row['cite']}", row)),
    )
    caption = (
        "Numbers of others, each under its own protocol; not comparable with this suite's unless every protocol column "
        "agrees. Where runs of this suite had the same protocol, their mean stands beside the number: it passes within "
        f"{TOLERANCE_POINTS:g} point."
    )
    return Table.of("published", "Published numbers", caption, columns, rows)


def _our_runs(results: Results) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Settings and metrics of each finished run, each seed's first replicate."""
    places, suite = list(dict.fromkeys(results.finished["directory"])), results.plan.suite
    evaluated = {"evaluate": suite.evaluate.model_dump(mode="json")} if suite is not None else {}
    return [
        (mapping_in(results.records.get(place, {}), "config") | evaluated, results.metrics.get(place, {}))
        for place in places
        if place in results.records
    ]


def _cited_column(name: str, title: str) -> Column:
    return Column.number(name, title, of=lambda row: _cited(row[name], row))


def _cited(text: str, row: Row, value: float | None = None) -> Cell:
    """A published number, linked to its source where the table of them has one."""
    return Cell(text, value, address_of(row)) if text else Cell(ABSENT)


def address_of(row: Row) -> str:
    """The address of a published number: its own `url` or `doi`, else the cited commit."""
    if row.get("url"):
        return str(row["url"]) if str(row["url"]).startswith("https://") else ""
    if row.get("doi"):
        return f"https://doi.org/{quote(str(row['doi']))}"
    commit = re.fullmatch(r"([\w.-]+/[\w.-]+)@([0-9a-f]{7,40})", str(row.get("cite", "")))
    return f"https://github.com/{commit[1]}/tree/{commit[2]}" if commit else ""


SECTION = Section("published", "Published numbers", tables=(published_table,))
