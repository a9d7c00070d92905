"""`moco-bench pretrain`: train one run, or go on with it, and evaluate it while it is in memory."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

from tqdm import tqdm

from moco_bench.cli.evaluate import told_parts
from moco_bench.cli.options import add_suite, tell_of_wait
from moco_bench.errors import Interrupted, RunFailed
from moco_bench.suite.costs import find_settled_run
from moco_bench.suite.registered import analysis_fingerprint
from moco_bench.suite.runs import Run
from moco_bench.suite.suite import Suite, load_suite
from moco_bench.train.endings import noted_ending
from moco_bench.train.signals import interrupted_by_signals, stop_on_signals

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
    with interrupted_by_signals(wanted.id):  # the imports below take seconds, in which a signal may come too
        print(f"{wanted.id}: {_outcome(suite, wanted, options.results)}")
    return 0


def _outcome(suite: Suite, wanted: Run, results: Path) -> str:
    """Train, or find that it was done; what came of it, in a few words."""
    from moco_bench.data.datasets import load_described
    from moco_bench.evaluate.metrics import check_evaluation
    from moco_bench.evaluate.stored import store_evaluation
    from moco_bench.train.gpu_lease import leased_device
    from moco_bench.train.loop import check_training
    from moco_bench.train.pretrain import pretrain, write_results
    from moco_bench.train.run_lock import sole_writer
    from moco_bench.train.sharing import is_finished, note_finished, reuse_finished

    checkpoints = wanted.checkpoints(results)
    # All that can be wrong with the input comes before the lock, which makes the run's first folder.
    dataset = load_described(wanted.dataset, wanted.manifest(results))
    check_evaluation(dataset, wanted.evaluate)
    check_training(wanted, dataset)
    with (
        sole_writer(checkpoints, partial(tell_of_wait, wanted, checkpoints)),
        noted_ending(checkpoints, wanted.fingerprint),
    ):
        if is_finished(wanted, dataset.sha256, results):
            note_finished(wanted, results)  # a kill may have come between the run's files and this note
            return f"finished before; remove {wanted.directory(results)} to train it again"
        if reuse_finished(wanted, dataset.sha256, results):
            return "shared with a finished run of the same fingerprint"
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
                    with told_parts(f"{wanted.id}: evaluation") as tell:
                        store_evaluation(
                            wanted, pretrained.encoder, dataset, pretrained.numerics.device, checkpoints, tell
                        )
                except RunFailed as failure:
                    pretrained.state.progress.failed = str(failure)
            write_results(pretrained, wanted.directory(results))
        note_finished(wanted, results)
    return pretrained.reason or "done"


@contextmanager
def _told_epochs(wanted: Run) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A progress bar on a terminal, plain lines in a log."""
    tqdm.set_lock(RLock())  # its own lock works between processes, and starts one to watch over it
    bar = tqdm(total=wanted.train.trained_epochs, unit="epoch", desc=wanted.id, disable=not sys.stderr.isatty())

    def on_epoch(row: dict[str, Any]) -> None:
        figures = f"loss {row['train_loss']:.3f}, {row['images_per_second']:.0f} images/s"
        if bar.disable:
            print(f"{wanted.id}: epoch {row['epoch']} of {wanted.train.trained_epochs}, {figures}", flush=True)
        else:
            bar.update(row["epoch"] - bar.n)
            bar.set_postfix_str(figures)

    with bar:
        yield on_epoch
