"""`moco-bench collect`: the runs of a suite as one table."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moco_bench.cli.options import add_results
from moco_bench.errors import InputError
from moco_bench.files import write_atomically, write_json

if TYPE_CHECKING:
    from moco_bench.components.plugins import Plugins

HELP = "gather a suite's runs into results/SUITE/runs.csv"
EXAMPLE = "moco-bench collect config/quickstart.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("suite", type=Path, metavar="SUITE.yaml")
    add_results(parser)
    parser.add_argument("--complete", action="store_true", help="end with exit code 1 where a run is missing")
    parser.add_argument(
        "--benchmarks",
        type=Path,
        metavar="FILE",
        help="JSON of pytest-benchmark (default: what `make bench` left, if any)",
    )
    parser.add_argument(
        "--stored-benchmarks",
        type=Path,
        metavar="FILE",
        help="an earlier benchmarks.json (default: the project's, if any)",
    )


def run(args: argparse.Namespace) -> int:
    """Write runs.csv and a copy of the suite; say how many runs are there."""
    from moco_bench.analyse.collect import collect
    from moco_bench.analyse.write import write_table
    from moco_bench.suite.costs import known_runs
    from moco_bench.suite.load import load_suite
    from moco_bench.suite.on_disk.made import TABLES, collected, note_made
    from moco_bench.suite.plan import plan_suite

    suite = load_suite(args.suite)
    evidence = plan_suite(suite, args.suite, args.results, args.results.parent / "reports").evidence
    table = collect(known_runs(suite, args.results), args.results)
    directory = args.results / suite.name
    write_table(directory / "runs.csv", table)
    write_atomically(directory / "suite.yaml", lambda path: _copy(args.suite, path, suite.ideas))
    _join_benchmarks(args.benchmarks, args.stored_benchmarks, directory)
    note_made(collected(directory), evidence, [directory / name for name in TABLES])
    counts = table["status"].value_counts()
    print(f"{directory / 'runs.csv'}: " + ", ".join(f"{counts.get(s, 0)} {s}" for s in ("done", "failed", "missing")))
    missing = table[table["status"] == "missing"]
    if not args.complete or missing.empty:
        return 0
    first = missing.iloc[0]
    print(
        f"moco-bench: {len(missing)} of {len(table)} runs are missing, the first is {first['directory']} "
        f"({first['reason']}); `moco-bench plan {args.suite}` says why each would run, the same command runs them",
        file=sys.stderr,
    )
    return 1


def _join_benchmarks(latest: Path | None, stored: Path | None, directory: Path) -> None:
    """Write benchmarks.json where there are any. A damaged file that nobody asked for must not stop a suite."""
    from moco_bench.analyse.benchmarks import FILE, LATEST, STORED, joined

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


def _copy(source: Path, target: Path, ideas: "Plugins") -> None:
    """The suite file, and what a report has to know of its plug-ins, whose files it doesn't read."""
    from moco_bench.suite.copies import with_plugins

    target.write_bytes(with_plugins(source.read_bytes(), ideas))
