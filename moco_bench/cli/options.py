"""Arguments that several commands share."""

import argparse
import os
from pathlib import Path

from moco_bench.errors import InputError
from moco_bench.files import check_link
from moco_bench.suite.part import Part, parse_seeds, parse_shard, part_from


def add_suite(parser: argparse.ArgumentParser) -> None:
    """The suite file and the folder of results."""
    parser.add_argument("suite", type=Path, metavar="SUITE.yaml", help="the suite file")
    add_results(parser)


def add_results(parser: argparse.ArgumentParser) -> None:
    """The folder of results, which needn't be there yet."""
    parser.add_argument(
        "--results",
        type=_folder,
        default=Path("results"),
        metavar="DIR",
        help="folder of all results (default: results)",
    )


def _folder(text: str) -> Path:
    """Raises `InputError` where it, or a folder that it is to lie in, is a file or a link to nowhere."""
    path = Path(text)
    check_link(path, "--results: ")
    there = next((place for place in (path, *path.parents) if place.exists()), None)
    if there is not None and not there.is_dir():
        raise InputError(f"--results: {there} is a file; a folder would be right")
    return path


def add_part(parser: argparse.ArgumentParser) -> None:
    """A part of the suite's runs."""
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--shard", metavar="I/N", help="only the Ith of N parts, each with all arms of its seeds")
    part.add_argument("--seeds", metavar="FIRST-LAST", help="only the runs of these seeds")


def part_of(options: argparse.Namespace) -> Part | None:
    """The part that the options name, or else the environment; None for all runs. Raises `InputError`."""
    if options.shard is not None:
        return parse_shard(options.shard)
    return parse_seeds(options.seeds) if options.seeds is not None else part_from(os.environ)
