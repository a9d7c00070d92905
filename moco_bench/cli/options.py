"""What several commands share: arguments, and a word about waiting."""

import argparse
import sys
from pathlib import Path

from moco_bench.suite.runs import Run


def add_suite(parser: argparse.ArgumentParser) -> None:
    """The suite file and the folder of results."""
    parser.add_argument("suite", type=Path, metavar="SUITE.yaml", help="the suite file")
    parser.add_argument(
        "--results", type=Path, default=Path("results"), metavar="DIR", help="folder of all results (default: results)"
    )


def tell_of_wait(run: Run) -> None:
    """Say why nothing happens."""
    print(f"{run.id}: another process is at work on this run; waiting until it ends", file=sys.stderr, flush=True)
