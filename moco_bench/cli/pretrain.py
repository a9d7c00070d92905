"""`moco-bench pretrain`: train one run, or go on with it, and evaluate it while it is in memory."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import RLock
from typing import Any

from tqdm import tqdm

from moco_bench.cli.options import add_suite, tell_of_wait
from moco_bench.errors import Interrupted, RunFailed
from moco_bench.suite.costs import find_settled_run
from moco_bench.suite.registered import analysis_fingerprint
from moco_bench.suite.runs import Run
from moco_bench.suite.suite import load_suite

HELP = """Train one run of a suite to its end, or go on from its checkpoint, and evaluate it.

Exit codes: 0 finished (a run that diverged is finished too: its status says so), 75 interrupted with a checkpoint
written, 2 bad input, 1 anything else."""
EXAMPLE = "moco-bench pretrain config/quickstart.yaml --run fashion-mnist-5k/resnet-compact/vanilla/seed0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    parser.add_argument("--run", required=True, dest="run_id", metavar="DATASET/ENCODER/ARM/seedN", help="which run")


def run(options: argparse.Namespace) -> int:
    """Write the run's files; `metrics.json` is left to `evaluate`, which finds what was computed here."""
    suite = load_suite(options.suite)
    wanted = find_settled_run(suite, options.run_id, options.results)
    checkpoints = wanted.checkpoints(options.results)

    from moco_bench.data.datasets import load_described
    from moco_bench.evaluate.metrics import check_neighbours
    from moco_bench.evaluate.stored import store_evaluation
    from moco_bench.train.gpu_lease import leased_device
    from moco_bench.train.pretrain import pretrain, write_results
    from moco_bench.train.run_lock import sole_writer
    from moco_bench.train.sharing import is_finished, note_finished, reuse_finished
    from moco_bench.train.signals import interrupted_by_signals, stop_on_signals

    with interrupted_by_signals(wanted.id), sole_writer(checkpoints, partial(tell_of_wait, wanted)):
        dataset = load_described(wanted.dataset, wanted.manifest(options.results))
        check_neighbours(dataset, wanted.evaluate)
        if is_finished(wanted, dataset.sha256, options.results):
            note_finished(wanted, options.results)  # a kill may have come between the run's files and this note
            print(f"{wanted.id}: finished before; remove {wanted.directory(options.results)} to train it again")
            return 0
        if reuse_finished(wanted, dataset.sha256, options.results):
            print(f"{wanted.id}: shared with a finished run of the same fingerprint")
            return 0
        with leased_device(wanted.train.device) as device:
            with stop_on_signals() as stop, _told_epochs(wanted) as on_epoch:
                pretrained = pretrain(
                    wanted,
                    dataset,
                    checkpoints,
                    device=device,
                    registered=analysis_fingerprint(suite),
                    stop_requested=lambda: bool(stop),
                    on_epoch=on_epoch,
                )
            if stop:
                raise Interrupted(f"{wanted.id}: trained to its end; not evaluated yet")
            if pretrained.reason is None:
                try:
                    store_evaluation(wanted, pretrained.encoder, dataset, pretrained.numerics.device, checkpoints)
                except RunFailed as failure:
                    pretrained.state.progress.failed = str(failure)
            write_results(pretrained, wanted.directory(options.results))
        note_finished(wanted, options.results)
    print(f"{wanted.id}: {pretrained.reason or 'done'}")
    return 0


@contextmanager
def _told_epochs(wanted: Run) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A progress bar on a terminal, plain lines in a log."""
    tqdm.set_lock(RLock())  # its own lock works between processes, and starts one to watch over it
    bar = tqdm(total=wanted.train.epochs, unit="epoch", desc=wanted.id, disable=not sys.stderr.isatty())

    def on_epoch(row: dict[str, Any]) -> None:
        figures = f"loss {row['train_loss']:.3f}, {row['images_per_second']:.0f} images/s"
        if bar.disable:
            print(f"{wanted.id}: epoch {row['epoch']} of {wanted.train.epochs}, {figures}", flush=True)
        else:
            bar.update(row["epoch"] - bar.n)
            bar.set_postfix_str(figures)

    with bar:
        yield on_epoch
