"""`moco-bench collect`: collects the runs of a suite into one table."""

import argparse
import sys
from pathlib import Path

from moco_bench.cli.options import add_results

HELP = "gather a suite's runs into results/SUITE/runs.csv"
EXAMPLE = "moco-bench collect config/quickstart.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("suite", type=Path, metavar="SUITE.yaml")
    add_results(parser)
    parser.add_argument("--complete", action="store_true", help="end with exit code 1 where a run is missing")


def run(args: argparse.Namespace) -> int:
    """Write runs.csv and a copy of the suite; say how many runs are there."""
    from moco_bench.jobs.collect import collect_suite
    from moco_bench.suite.load import load_suite

    suite = load_suite(args.suite)
    path, table = collect_suite(suite, args.suite, args.results)
    counts = table["status"].value_counts()
    print(f"{path}: " + ", ".join(f"{counts.get(s, 0)} {s}" for s in ("done", "failed", "missing")))
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
