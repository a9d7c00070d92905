"""Collects a suite's runs into one table, with a copy of the suite beside it."""

from pathlib import Path

import pandas as pd

from moco_bench.analyse.collect import collect
from moco_bench.analyse.write import write_table
from moco_bench.files import write_bytes
from moco_bench.suite.copies import with_plugins
from moco_bench.suite.equal_compute import known_runs
from moco_bench.suite.on_disk.made import TABLES, collected, note_made
from moco_bench.suite.plan import plan_suite
from moco_bench.suite.suite import Suite


def collect_suite(suite: Suite, file: Path, results: Path) -> tuple[Path, pd.DataFrame]:
    """Write `runs.csv` and `suite.yaml`, a copy of `file`, in a suite's results.

    Returns:
        The path of the table, and its rows: one per run, missing ones too.

    Raises:
        InputError: the suite can't be copied.
    """
    evidence = plan_suite(suite, file, results, results.parent / "reports").evidence
    table = collect(known_runs(suite, results), results)
    directory = results / suite.name
    write_table(directory / "runs.csv", table)
    # A report reads this copy, and not the files of the suite's plug-ins.
    write_bytes(directory / "suite.yaml", with_plugins(file.read_bytes(), suite.ideas))
    note_made(collected(directory), evidence, [directory / name for name in TABLES])
    return directory / "runs.csv", table
