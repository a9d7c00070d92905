"""`moco-bench collect`: the runs of a suite as one table."""

import argparse
import shutil
from pathlib import Path

from moco_bench.files import write_atomically

HELP = "gather a suite's runs into results/SUITE/runs.csv"
EXAMPLE = "moco-bench collect config/quickstart.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("suite", type=Path, metavar="SUITE.yaml")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of results (default: results)")


def run(args: argparse.Namespace) -> int:
    """Write runs.csv and a copy of the suite; say how many runs are there."""
    from moco_bench.analyse.collect import collect
    from moco_bench.analyse.write import write_table
    from moco_bench.suite.runs import expand
    from moco_bench.suite.suite import load_suite

    suite = load_suite(args.suite)
    table = collect(expand(suite), args.results)
    directory = args.results / suite.name
    write_table(directory / "runs.csv", table)
    write_atomically(directory / "suite.yaml", lambda path: _copy(args.suite, path))
    counts = table["status"].value_counts()
    print(f"{directory / 'runs.csv'}: " + ", ".join(f"{counts.get(s, 0)} {s}" for s in ("done", "failed", "missing")))
    return 0


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
