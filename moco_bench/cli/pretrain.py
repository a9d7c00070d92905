"""`moco-bench pretrain`: train one run, or go on with it, and evaluate it while it is in memory."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from moco_bench.cli.evaluate import told_parts
from moco_bench.cli.options import add_suite, tell_of_wait
from moco_bench.errors import Interrupted, RunFailed, one_line
from moco_bench.suite.costs import find_settled_run
from moco_bench.suite.identity.analysis import analysis_fingerprint
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import Run
from moco_bench.suite.suite import Suite
from moco_bench.train.endings import noted_ending
from moco_bench.train.launch import is_launched, launch
from moco_bench.train.pulse import Pulse
from moco_bench.train.signals import StopRequest, interrupted_by_signals, stop_on_signals

if TYPE_CHECKING:
    from moco_bench.data.datasets import DataSet
    from moco_bench.train.pretrain import Pretrained
    from moco_bench.train.world import World

HELP = """Train one run of a suite to its end, or go on from its checkpoint, and evaluate it.

Exit codes: 0 finished (a run that diverged is finished too: its status says so), 75 interrupted with a checkpoint
written, 2 bad input, 1 anything else."""
EXAMPLE = "moco-bench pretrain config/quickstart.yaml --run fashion-scenes-5k/resnet-compact/vanilla/seed0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    parser.add_argument("--run", required=True, dest="run_id", metavar="DATASET/ENCODER/ARM/seedN", help="which run")


def run(options: argparse.Namespace) -> int:
    """Write the run's files; `metrics.json` is left to `evaluate`, which finds what was computed here."""
    suite = load_suite(options.suite)
    wanted = find_settled_run(suite, options.run_id, options.results)
    if wanted.train.devices > 1 and wanted.checkpoint is None and not is_launched():
        return _launched(options, wanted.train.devices)
    with interrupted_by_signals(wanted.id):  # the imports below take seconds, in which a signal may come too
        outcome = train_run(suite, wanted, options.results)
        if outcome:
            print(f"{wanted.id}: {outcome}")
    return 0


def _launched(options: argparse.Namespace, devices: int) -> int:
    """The same command in one process a device, on this machine."""
    arguments = ["pretrain", str(options.suite), "--run", options.run_id, "--results", str(options.results)]
    code, message = launch(arguments, devices)
    if message:
        print(f"moco-bench: {one_line(message)}", file=sys.stderr)
    return code


def _take_over(suite: Suite, wanted: Run, results: Path) -> str:
    """Read the encoder of a run that was trained elsewhere, or find that this was done."""
    from moco_bench.data.datasets import load_described
    from moco_bench.evaluate.metrics import check_evaluation
    from moco_bench.train.from_elsewhere import take_over
    from moco_bench.train.run_lock import sole_writer
    from moco_bench.train.sharing import is_finished, note_finished

    dataset = load_described(wanted.dataset, wanted.manifest(results))
    check_evaluation(dataset, wanted.evaluate)
    checkpoints, directory = wanted.checkpoints(results), wanted.directory(results)
    with (
        sole_writer(checkpoints, partial(tell_of_wait, wanted, checkpoints)),
        noted_ending(checkpoints, wanted.fingerprint),
    ):
        finished = is_finished(wanted, dataset.sha256, results)
        if not finished:
            take_over(wanted, dataset, directory, checkpoints, analysis_fingerprint(suite))
        note_finished(wanted, results)
    return "read before" if finished else f"not trained: read from {wanted.checkpoint}"


def train_run(suite: Suite, wanted: Run, results: Path) -> str:
    """Train, or find that it was done; what came of it in a few words, nothing from ranks behind the first."""
    if wanted.checkpoint is not None:
        return _take_over(suite, wanted, results)
    from moco_bench.data.datasets import load_described
    from moco_bench.evaluate.metrics import check_evaluation
    from moco_bench.train.loop import check_training
    from moco_bench.train.world import place_in_world, together

    world = place_in_world(wanted.train.devices)
    # All that can be wrong with the input comes before the lock, which makes the run's first folder.
    dataset = load_described(wanted.dataset, wanted.manifest(results))
    check_evaluation(dataset, wanted.evaluate)
    check_training(wanted, dataset)
    with _device_of(world, wanted) as device, together(world, cuda=device.startswith("cuda")):
        job = _Job(suite, wanted, dataset, results, world, device)
        if world.first:
            return job.lead()
        job.follow()
        return ""


@contextmanager
def _device_of(world: "World", wanted: Run) -> Iterator[str]:
    """The device of this process. One process alone leases it only when it is about to train."""
    if world.size == 1:
        yield ""
        return
    import torch

    from moco_bench.train.world import device_of

    yield device_of(world, wanted.train.device, torch.cuda.device_count() if torch.cuda.is_available() else 0)


@dataclass(frozen=True)
class _Job:
    """One run to be trained here."""

    suite: Suite
    wanted: Run
    dataset: "DataSet"
    results: Path
    world: "World"
    device: str

    def lead(self) -> str:
        """Hold the run's lock, train with all ranks where that is to be done, evaluate, write."""
        from moco_bench.evaluate.stored import store_evaluation
        from moco_bench.train.pretrain import write_results
        from moco_bench.train.run_lock import sole_writer
        from moco_bench.train.sharing import is_finished, note_finished, reuse_finished

        wanted, dataset, results = self.wanted, self.dataset, self.results
        checkpoints = wanted.checkpoints(results)
        with (
            sole_writer(checkpoints, partial(tell_of_wait, wanted, checkpoints)),
            noted_ending(checkpoints, wanted.fingerprint),
        ):
            finished = is_finished(wanted, dataset.sha256, results)
            shared = not finished and reuse_finished(wanted, dataset.sha256, results)
            self.world.from_first(lambda: not (finished or shared))
            if finished:
                note_finished(wanted, results)  # a kill may have come between the run's files and this note
                return f"finished before; remove {wanted.directory(results)} to train it again"
            if shared:
                return "shared with a finished run of the same fingerprint"
            with self._leased() as device:
                pretrained, stop = self._train(device)
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

    def follow(self) -> None:
        """Train with the others, if rank 0 says so."""
        if self.world.from_first(lambda: None):
            self._train(self.device)

    def _train(self, device: str) -> "tuple[Pretrained, StopRequest]":
        from moco_bench.evaluate.on_the_way import knn_on_the_way
        from moco_bench.train.pretrain import pretrain

        with stop_on_signals() as stop, _told_epochs(self.wanted, self.results, shown=self.world.first) as on_epoch:
            pretrained = pretrain(
                self.wanted,
                self.dataset,
                self.wanted.checkpoints(self.results),
                device=device,
                registered=analysis_fingerprint(self.suite),
                stop_requested=lambda: bool(stop),
                on_epoch=on_epoch,
                world=self.world,
                accuracy=knn_on_the_way(self.dataset, self.wanted.evaluate),
            )
        return pretrained, stop

    def _leased(self) -> AbstractContextManager[str]:
        from moco_bench.train.gpu_lease import leased_device

        return leased_device(self.wanted.train.device) if self.world.size == 1 else nullcontext(self.device)


@contextmanager
def _told_epochs(wanted: Run, results: Path, *, shown: bool = True) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A progress bar on a terminal, plain lines in a log, a file for those who watch."""
    tqdm.set_lock(RLock())  # its own lock works between processes, and starts one to watch over it
    if not shown:
        yield lambda row: None
        return
    bar = tqdm(total=wanted.train.trained_epochs, unit="epoch", desc=wanted.id, disable=not sys.stderr.isatty())

    pulse = Pulse(wanted.checkpoints(results), wanted.fingerprint, wanted.train.trained_epochs)

    def on_epoch(row: dict[str, Any]) -> None:
        pulse.beat(row)
        figures = f"loss {row['train_loss']:.3f}, {row['images_per_second']:.0f} images/s"
        if bar.disable:
            print(f"{wanted.id}: epoch {row['epoch']} of {wanted.train.trained_epochs}, {figures}", flush=True)
        else:
            bar.update(row["epoch"] - bar.n)
            bar.set_postfix_str(figures)

    with bar:
        yield on_epoch
