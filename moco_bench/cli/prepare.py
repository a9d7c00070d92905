"""`moco-bench prepare`: load a data set once, check it, and write what it is."""

import argparse

from moco_bench.cli.options import add_suite
from moco_bench.errors import InputError
from moco_bench.files import write_json
from moco_bench.suite.suite import load_suite

HELP = "Load a data set of a suite, check it, and write its manifest: hash, sizes, classes, mean and deviation."
EXAMPLE = "moco-bench prepare config/quickstart.yaml --dataset fashion-mnist-5k"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    parser.add_argument("--dataset", required=True, metavar="NAME", help="name or label of the data set in the suite")


def run(options: argparse.Namespace) -> int:
    """Write `results/SUITE/data/NAME.json`."""
    suite = load_suite(options.suite)
    configs = {config.title: config for config in suite.datasets}
    if options.dataset not in configs:
        raise InputError(f"--dataset: suite {suite.name} has no {options.dataset!r}; it has {', '.join(configs)}")
    from moco_bench.data.datasets import load_dataset, manifest_of
    from moco_bench.evaluate.metrics import check_evaluation

    dataset = load_dataset(configs[options.dataset])
    check_evaluation(dataset, suite.evaluate)
    path = options.results / suite.name / "data" / f"{options.dataset}.json"
    write_json(path, manifest_of(dataset))
    print(path)
    return 0
