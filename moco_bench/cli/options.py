"""Arguments that several commands share."""

import argparse
from pathlib import Path


def add_suite(parser: argparse.ArgumentParser) -> None:
    """The suite file and the folder of results."""
    parser.add_argument("suite", type=Path, metavar="SUITE.yaml", help="the suite file")
    parser.add_argument(
        "--results", type=Path, default=Path("results"), metavar="DIR", help="folder of all results (default: results)"
    )
