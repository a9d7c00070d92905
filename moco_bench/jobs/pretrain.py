"""Trains one run unless it is done, evaluates it while it is in memory, and writes its files."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from moco_bench.data.datasets import DataSet, load_described
from moco_bench.errors import Interrupted, RunFailed
from moco_bench.evaluate.metrics import check_evaluation
from moco_bench.evaluate.on_the_way import knn_on_the_way
from moco_bench.evaluate.stored import store_evaluation
from moco_bench.jobs.evaluate import evaluate_run
from moco_bench.jobs.progress import tell_of_twin, tell_of_wait, told_epochs, told_parts
from moco_bench.suite.identity.analysis import analysis_fingerprint
from moco_bench.suite.plan import plan_run
from moco_bench.suite.runs import Run
from moco_bench.suite.suite import Suite
from moco_bench.train.from_elsewhere import take_over
from moco_bench.train.gpu_lease import leased_device
from moco_bench.train.last_error import noting_last_error
from moco_bench.train.loop import check_training
from moco_bench.train.pretrain import Pretrained, pretrain, write_results
from moco_bench.train.run_lock import sole_trainer, sole_writer
from moco_bench.train.sharing import is_finished, note_finished, reuse_finished
from moco_bench.train.signals import stop_on_signals
from moco_bench.train.world import World, device_of, place_in_world, together


def train_and_evaluate(suite: Suite, wanted: Run, results: Path) -> str:
    """Train and evaluate a run as far as needed; returns the outcome in a few words, empty on ranks other than 0."""
    outcome = train_run(suite, wanted, results)
    if outcome and plan_run(wanted, results).state in ("evaluate", "failed"):
        evaluate_run(wanted, results)
    return outcome


def train_run(suite: Suite, wanted: Run, results: Path) -> str:
    """Train a run unless it is done; returns the outcome in a few words, empty on ranks other than 0."""
    if wanted.checkpoint is not None:
        return _take_over(suite, wanted, results)
    world = place_in_world(wanted.train.devices)
    # All that can be wrong with the input comes before the lock, which makes the run's first folder.
    dataset = load_described(wanted.dataset, wanted.manifest(results))
    check_evaluation(dataset, wanted.evaluate)
    check_training(wanted, dataset)
    device = _device_of(world, wanted)
    with together(world, cuda=device.startswith("cuda")):
        job = _Job(suite, wanted, dataset, results, world, device)
        if world.first:
            return job.lead()
        job.follow()
        return ""


def _take_over(suite: Suite, wanted: Run, results: Path) -> str:
    """Write the files of a run whose encoder was trained elsewhere, unless they exist."""
    dataset = load_described(wanted.dataset, wanted.manifest(results))
    check_evaluation(dataset, wanted.evaluate)
    checkpoints, directory = wanted.checkpoints(results), wanted.directory(results)
    with (
        sole_writer(checkpoints, partial(tell_of_wait, wanted), directory=directory),
        noting_last_error(checkpoints, wanted.fingerprint),
    ):
        finished = is_finished(wanted, dataset.sha256, results)
        if not finished:
            because = plan_run(wanted, results).reason
            take_over(wanted, dataset, directory, checkpoints, analysis_fingerprint(suite), because)
        note_finished(wanted, results)
    return "read before" if finished else f"not trained: read from {wanted.checkpoint}"


def _device_of(world: World, wanted: Run) -> str:
    """The device of this rank; empty for a single process, which leases a device only when it is about to train."""
    if world.size == 1:
        return ""
    return device_of(world, wanted.train.device, torch.cuda.device_count() if torch.cuda.is_available() else 0)


@dataclass(frozen=True)
class _Job:
    """One run to be trained here."""

    suite: Suite
    wanted: Run
    dataset: DataSet
    results: Path
    world: World
    device: str

    def lead(self) -> str:
        """On rank 0: hold the run's locks, train with all ranks if needed, evaluate, write the files."""
        wanted, dataset, results = self.wanted, self.dataset, self.results
        checkpoints = wanted.checkpoints(results)
        with (
            sole_writer(checkpoints, partial(tell_of_wait, wanted), directory=wanted.directory(results)),
            sole_trainer(wanted, results, partial(tell_of_twin, wanted)),
            noting_last_error(checkpoints, wanted.fingerprint),
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
        """On other ranks: train with the others if rank 0 says so."""
        if self.world.from_first(lambda: None):
            self._train(self.device)

    def _train(self, device: str) -> tuple[Pretrained, bool]:
        with stop_on_signals() as stop, told_epochs(self.wanted, self.results, shown=self.world.first) as on_epoch:
            pretrained = pretrain(
                self.wanted,
                self.dataset,
                self.wanted.checkpoints(self.results),
                device=device,
                registered=analysis_fingerprint(self.suite),
                because=plan_run(self.wanted, self.results).reason,
                stop_requested=lambda: bool(stop),
                on_epoch=on_epoch,
                world=self.world,
                accuracy=knn_on_the_way(self.dataset, self.wanted.evaluate),
            )
        return pretrained, bool(stop)

    def _leased(self) -> AbstractContextManager[str]:
        train = self.wanted.train
        if self.world.size > 1:
            return nullcontext(self.device)
        return leased_device(train.device, runs_per_gpu=train.runs_per_gpu)
