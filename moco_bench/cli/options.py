"""Arguments that several commands share."""

import argparse
import os
from pathlib import Path

from moco_bench.files import check_folder
from moco_bench.suite.part import Part, parse_seeds, parse_shard, part_from


def add_suite(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments for the suite file and the folder of results."""
    parser.add_argument("suite", type=Path, metavar="SUITE.yaml", help="the suite file")
    add_results(parser)


def add_results(parser: argparse.ArgumentParser) -> None:
    """Declare the argument for the folder of results, which needn't exist yet."""
    parser.add_argument(
        "--results",
        type=_folder,
        default="results",  # not a path: argparse checks a default only where it is text
        metavar="DIR",
        help="folder of all results (default: results)",
    )


def _folder(text: str) -> Path:
    """The folder as a path. Raises `InputError` if it or a parent is a file or a dangling link."""
    path = Path(text)
    check_folder(path, "--results: ", "move it away, or give another --results")
    return path


def add_part(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that select a part of the suite's runs."""
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--shard", metavar="I/N", help="only the Ith of N parts, each with all arms of its seeds")
    part.add_argument("--seeds", metavar="FIRST-LAST", help="only the runs of these seeds")


def part_of(options: argparse.Namespace) -> Part | None:
    """The part selected by the options, or else by the environment; None for all runs. Raises `InputError`."""
    if options.shard is not None:
        return parse_shard(options.shard)
    return parse_seeds(options.seeds) if options.seeds is not None else part_from(os.environ)
