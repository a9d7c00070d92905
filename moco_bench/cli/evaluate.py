"""`moco-bench evaluate`: metrics of one run, or the floors that any encoder has to beat."""

import argparse

from moco_bench.cli.options import add_suite
from moco_bench.jobs.evaluate import evaluate_run
from moco_bench.suite.equal_compute import find_settled_run
from moco_bench.suite.load import load_suite
from moco_bench.train.signals import interrupted_by_signals

HELP = "Evaluate a trained run (metrics.json), or a data set's floors: raw pixels and random encoders."
EXAMPLE = "moco-bench evaluate config/quickstart.yaml --run fashion-scenes-5k/resnet-compact/vanilla/seed0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--run", dest="run_id", metavar="DATASET/ENCODER/ARM/seedN", help="which run")
    which.add_argument("--floors", metavar="DATASET", help="floors of this data set")


def run(options: argparse.Namespace) -> int:
    """Write `metrics.json` of a run, or `results/SUITE/floors/DATASET.json`."""
    suite = load_suite(options.suite)
    if options.floors is not None:
        with interrupted_by_signals(f"floors of {options.floors}"):  # also while torch is imported
            from moco_bench.jobs.floors import evaluate_floors

            path = evaluate_floors(suite, options.floors, options.results)
    else:
        wanted = find_settled_run(suite, options.run_id, options.results)
        with interrupted_by_signals(wanted.id):
            path = evaluate_run(wanted, options.results)
    print(path)
    return 0
