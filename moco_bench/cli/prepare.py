"""`moco-bench prepare`: loads a data set once, checks it, and writes its manifest."""

import argparse
import sys

from moco_bench.cli.options import add_suite
from moco_bench.errors import one_line
from moco_bench.suite.checks.size_warnings import manifest_warnings
from moco_bench.suite.load import load_suite

HELP = "Load a data set of a suite, check it, and write its manifest: hash, images by class, sizes, and what is odd."
EXAMPLE = "moco-bench prepare config/quickstart.yaml --dataset fashion-scenes-5k"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    parser.add_argument("--dataset", required=True, metavar="NAME", help="name or label of the data set in the suite")


def run(options: argparse.Namespace) -> int:
    """Write `results/SUITE/data/NAME.json`."""
    suite = load_suite(options.suite)
    from moco_bench.jobs.prepare import prepare, summary_of

    path, manifest = prepare(suite, options.dataset, options.results)
    for line in summary_of(manifest):
        print(line, file=sys.stderr)
    for warning in manifest_warnings(suite, options.dataset, manifest):
        print(f"warning: {options.dataset}: {one_line(warning)}", file=sys.stderr)
    print(path)
    return 0
