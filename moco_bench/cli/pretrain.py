"""`moco-bench pretrain`: trains or resumes one run, and evaluates it while it is in memory."""

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from moco_bench.cli.options import add_suite
from moco_bench.errors import one_line
from moco_bench.jobs.progress import say
from moco_bench.suite.equal_compute import find_settled_run
from moco_bench.suite.load import load_suite
from moco_bench.suite.needs import gpus_here
from moco_bench.suite.plan import plan_run
from moco_bench.suite.runs import Run
from moco_bench.train.launch import end_with_launcher, is_launched, launch
from moco_bench.train.signals import interrupted_by_signals

HELP = """Train one run of a suite to its end, or go on from its checkpoint, and evaluate it.

Exit codes: 0 finished (a run that diverged is finished too: its status says so), 75 interrupted with a checkpoint
written, 2 bad input, 1 anything else."""
EXAMPLE = "moco-bench pretrain config/quickstart.yaml --run fashion-scenes-5k/resnet-compact/vanilla/seed0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    parser.add_argument("--run", required=True, dest="run_id", metavar="DATASET/ENCODER/ARM/seedN", help="which run")


def run(options: argparse.Namespace) -> int:
    """Write all of the run's files, `metrics.json` last."""
    suite = load_suite(options.suite)
    wanted = find_settled_run(suite, options.run_id, options.results)
    if wanted.train.devices > 1 and wanted.checkpoint is None and not is_launched():
        return _launched(options, wanted)
    with interrupted_by_signals(wanted.id):
        end_with_launcher()
        from moco_bench.jobs.pretrain import train_and_evaluate  # takes seconds, in which a signal may come too

        outcome = train_and_evaluate(suite, wanted, options.results)
        if outcome:
            say(f"{wanted.id}: {outcome}")
    return 0


def _cards_of(wanted: Run, results: Path) -> AbstractContextManager[dict[str, str]]:
    """Lease the GPUs of a run's processes until they end; none if the run needs no training."""
    if wanted.train.device == "cpu" or gpus_here() == 0:
        return nullcontext({})
    if plan_run(wanted, results).state in ("done", "failed", "evaluate", "shared"):
        return nullcontext({})
    from moco_bench.train.gpu_lease import leased_devices

    return leased_devices(wanted.train.device, wanted.train.devices)


def _launched(options: argparse.Namespace, wanted: Run) -> int:
    """Run this command in one process per device on this machine; this process holds the devices."""
    arguments = ["pretrain", str(options.suite), "--run", options.run_id, "--results", str(options.results)]
    with interrupted_by_signals(wanted.id), _cards_of(wanted, options.results) as environment:
        code, message = launch(arguments, wanted.train.devices, environment)
    if message:
        print(f"moco-bench: {one_line(message)}", file=sys.stderr)
    return code
