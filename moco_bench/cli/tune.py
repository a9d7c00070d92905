"""`moco-bench tune`: train every arm's candidates on held-out training images, and write down the best."""

import argparse

from moco_bench.cli.options import add_suite
from moco_bench.jobs.progress import say
from moco_bench.jobs.tune import search
from moco_bench.suite.load import load_suite

HELP = """Search each arm's settings: train its candidates, one after the other, on the training images less a held-out
part, and write tune.csv (every candidate's score) and tuned.json (what was chosen). Goes on where it was interrupted.

Exit codes: as those of `pretrain`."""
EXAMPLE = "moco-bench tune study.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)


def run(options: argparse.Namespace) -> int:
    """Write `results/SUITE/tune.csv` and `tuned.json`."""
    print(search(load_suite(options.suite), options.results, say))
    return 0
