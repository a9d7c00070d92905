"""Files of a profile's tables: all of one measurement, none of an earlier one."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from moco_bench.files import write_csv, write_json
from moco_bench.profile.tables import TableRow

SUMMARY = "profile.json"
TABLES = (
    "memory", "parts", "counters", "timeline", "time", "samples", "work", "growth", "queues", "capacity", "leak",
    "leak_verdicts",
)  # fmt: skip
"""All possible tables of a profile: those that this profile lacks are removed. Other files are left alone."""


def write_files(directory: Path, tables: Mapping[str, Iterable[TableRow]], summary: Mapping[str, Any]) -> None:
    """Write a CSV file for each table with rows, and the summary; files of an earlier profile are replaced or removed.

    All is written beside `directory` first, so that a full disk leaves the earlier profile whole. Then the old summary
    goes before anything else and the new one comes last: where there is one, the tables beside it are its own.
    """
    unknown = set(tables) - set(TABLES)
    if unknown:
        raise ValueError(f"tables that a later profile would leave behind: {sorted(unknown)}")
    staged = directory.with_name(f".{directory.name}.new")
    shutil.rmtree(staged, ignore_errors=True)  # of a process that was killed
    try:
        for name, rows in tables.items():
            write_rows(staged / f"{name}.csv", rows)
        write_json(staged / SUMMARY, summary)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / SUMMARY).unlink(missing_ok=True)
        for name in TABLES:
            fresh, place = staged / f"{name}.csv", directory / f"{name}.csv"
            if fresh.exists():
                fresh.replace(place)
            else:
                place.unlink(missing_ok=True)
        (staged / SUMMARY).replace(directory / SUMMARY)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def write_rows(path: Path, rows: Iterable[TableRow]) -> None:
    """Write rows, atomically; the columns are those of the first row. No file for no rows."""
    rows = list(rows)
    if rows:
        assert all(row.keys() <= rows[0].keys() for row in rows)
        write_csv(path, rows[0], ([_plain(row.get(name)) for name in rows[0]] for row in rows))


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.8g}"
    return value
