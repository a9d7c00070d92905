"""A suite's runs as one table, with a copy of the suite and what benchmarks there are beside it."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from moco_bench.analyse.benchmarks import FILE, LATEST, STORED, joined
from moco_bench.analyse.collect import collect
from moco_bench.analyse.write import write_table
from moco_bench.errors import InputError
from moco_bench.files import write_bytes, write_json
from moco_bench.suite.copies import with_plugins
from moco_bench.suite.equal_compute import known_runs
from moco_bench.suite.on_disk.made import TABLES, collected, note_made
from moco_bench.suite.plan import plan_suite
from moco_bench.suite.suite import Suite


def collect_suite(
    suite: Suite, file: Path, results: Path, *, benchmarks: Path | None = None, stored_benchmarks: Path | None = None
) -> tuple[Path, pd.DataFrame]:
    """Write `runs.csv`, `suite.yaml` and, where there are benchmarks, `benchmarks.json` in a suite's results.

    Args:
        suite: the suite.
        file: where it was read from.
        results: folder of all results.
        benchmarks: what pytest-benchmark wrote; by default what `make bench` left, if anything.
        stored_benchmarks: an earlier `benchmarks.json`; by default the project's.

    Returns:
        The path of the table, and its rows: one per run, missing ones too.

    Raises:
        InputError: the suite can't be copied, or a file of benchmarks that was asked for isn't one.
    """
    evidence = plan_suite(suite, file, results, results.parent / "reports").evidence
    table = collect(known_runs(suite, results), results)
    directory = results / suite.name
    write_table(directory / "runs.csv", table)
    # A report reads this copy, and not the files of the suite's plug-ins.
    write_bytes(directory / "suite.yaml", with_plugins(file.read_bytes(), suite.ideas))
    _join_benchmarks(benchmarks, stored_benchmarks, directory)
    note_made(collected(directory), evidence, [directory / name for name in TABLES])
    return directory / "runs.csv", table


def _join_benchmarks(latest: Path | None, stored: Path | None, directory: Path) -> None:
    """Write benchmarks.json where there are any. A damaged file that was not asked for must not stop a suite."""
    asked_for = latest is not None or stored is not None
    latest = latest or LATEST
    if not asked_for and not latest.is_file():
        return
    stored = stored or (STORED if STORED.is_file() else None)
    try:
        found = joined(latest, stored)
        write_json(directory / FILE, found)
        print(f"{directory / FILE}: {_compared(found, stored)}")
    except InputError as error:
        if asked_for:
            raise
        print(f"moco-bench: left out: {error}", file=sys.stderr)


def _compared(found: dict[str, Any], stored: Path | None) -> str:
    """How many benchmarks there are, and what became of them since the stored ones."""
    rows = found["benchmarks"]
    if stored is None:
        return f"{len(rows)} benchmarks, compared with nothing"
    counts = Counter(row["verdict"] for row in rows)
    return f"{len(rows)} benchmarks against {stored}: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
