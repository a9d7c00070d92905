"""The training loop, from the last checkpoint to the end or to a reason to stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from moco_bench.data.datasets import DataSet
from moco_bench.data.transfer import to_device
from moco_bench.errors import Interrupted, RunFailed
from moco_bench.measure.energy import joules_between, sample_energy
from moco_bench.measure.load import LoadSample, foreign_load, sample_load
from moco_bench.measure.process import peak_memory, reset_peak
from moco_bench.measure.stopwatch import Stopwatch
from moco_bench.models.encoder import Encoder
from moco_bench.suite.checks.sections import check_train, check_warmup
from moco_bench.suite.runs import Run
from moco_bench.train import history
from moco_bench.train.checkpoint import save_checkpoint
from moco_bench.train.feed import BatchIndices
from moco_bench.train.inputs import StepInputs
from moco_bench.train.precision import Numerics, resolve_numerics
from moco_bench.train.randomness import epoch_order
from moco_bench.train.schedule import learning_rate_at
from moco_bench.train.state import TrainingState
from moco_bench.train.step import Networks, enqueue, training_step
from moco_bench.train.world import ALONE, World

UNREAD = {"cuda": 50}
"""Steps by which a kind of device may be ahead of the losses that were read; a CPU is never ahead (1)."""


@dataclass(frozen=True)
class Hooks:
    """Connections of the loop to the outside: stop requests, ends of epochs, the place of checkpoints.

    `world` are the processes that share its work; `accuracy` is what an encoder is worth, in percent, where that is
    asked for on the way.
    """

    stop_requested: Callable[[], bool]
    on_epoch: Callable[[history.EpochRow], None]
    checkpoints: Path
    belongs_to: dict[str, str]
    world: World = ALONE
    accuracy: Callable[[Encoder], float] | None = None


def check_training(run: Run, dataset: DataSet) -> None:
    """Refuse settings that don't fit these images or this machine, before any file of the run is written.

    Raises:
        InputError: fewer images than a batch has, a filter that never acts, a device or precision that isn't here.
    """
    size, where = len(dataset.train), f"arms.{run.arm}"
    check_train(run.train, size, where)
    check_warmup(run.contrast, run.train, size, where)
    resolve_numerics(run.train)


class Trainer:
    """Trains one run's `state`, fresh or from a checkpoint, in place.

    `networks` are the encoders of `state` as they are to be called. Of `dataset` training sees the training images
    alone; labels are for diagnosis.
    """

    def __init__(
        self,
        run: Run,
        state: TrainingState,
        networks: Networks,
        dataset: DataSet,
        numerics: Numerics,
        hooks: Hooks,
    ) -> None:
        self.run, self.state, self.networks, self.numerics = run, state, networks, numerics
        self.hooks = hooks
        self.inputs = StepInputs(run, dataset, numerics, hooks.world)
        self.labels = dataset.train.labels.to(numerics.device)
        self.batch_size = run.train.batch_size
        # An incomplete last batch is dropped, as in MoCo.
        self.steps_per_epoch = self.inputs.count // self.batch_size
        self.total_steps = self.steps_per_epoch * run.train.trained_epochs
        self._diagnose_every = max(1, self.steps_per_epoch // history.DIAGNOSES_PER_EPOCH)
        self._energy_at_start = sample_energy(numerics.device)
        self._stopwatch = Stopwatch(state.progress.times, numerics.device)
        self._unread, self._unread_at_most = history.UnreadSteps(), UNREAD.get(numerics.device.type, 1)

    def train(self) -> None:
        """Train up to the last step.

        Raises:
            Interrupted: a stop was requested; a checkpoint of the very next step has been written.
            RunFailed: the loss is no longer finite or the embeddings collapsed.
        """
        progress = self.state.progress
        if progress.failed is not None:  # the checkpoint of a run that had come to its end
            raise RunFailed(progress.failed)
        load_at_start, saved_at = sample_load(), time.monotonic()
        progress.foreign_load.append((0.0, 0.0))
        progress.joules.append(None)
        self._energy_at_start = sample_energy(self.numerics.device)
        reset_peak(self.numerics.device)  # the compiler's try-out is over, and was no training
        order, on_device, order_epoch = torch.empty(0), torch.empty(0), -1
        try:
            while progress.step < self.total_steps:
                epoch, within = divmod(progress.step, self.steps_per_epoch)
                if epoch != order_epoch:
                    order, order_epoch = epoch_order(self.run.seed, epoch, self.inputs.count), epoch
                    if within == 0:
                        progress.order_hash.update(order.numpy().tobytes())
                    on_device = to_device(order, self.numerics.device)  # once per epoch, not a batch at a time
                rows = slice(within * self.batch_size, (within + 1) * self.batch_size)
                self._step(BatchIndices(order[rows], on_device[rows], self._upcoming(order)))
                progress.step += 1
                if len(self._unread) >= self._unread_at_most or within + 1 == self.steps_per_epoch:
                    self._read()
                if within + 1 == self.steps_per_epoch:
                    self._end_epoch(epoch + 1)
                    due = time.monotonic() - saved_at >= self.run.train.checkpoint_seconds
                    if self.hooks.world.any(due):
                        self._note_load_since(load_at_start)
                        self.save()
                        saved_at = time.monotonic()
                stop = self.hooks.world.any(self.hooks.stop_requested())
                if stop and progress.step < self.total_steps:
                    self._read()
                    raise Interrupted(f"stopped after step {progress.step} of {self.total_steps}")
        finally:
            self._note_load_since(load_at_start)

    def save(self) -> None:
        """Write a checkpoint, on rank 0."""
        progress = self.state.progress
        self._read()
        if not self.hooks.world.first:
            return
        peak = peak_memory(self.numerics.device).peak_memory_mib
        if self.numerics.device.type == "cuda":
            resident = self.inputs.feed.resident
            images = 0 if resident is None else resident.nbytes
            peak -= (images + self.labels.nbytes) / 2**20  # the data set doesn't count as training's memory
        progress.peak_memory_mib = max(progress.peak_memory_mib, peak)
        save_checkpoint(self.hooks.checkpoints, self.hooks.belongs_to, self.state.state_dict())

    def _note_load_since(self, start: LoadSample) -> None:
        """Record foreign load and energy of this attempt so far: a killed attempt can't do it at its end."""
        now = sample_load()
        self.state.progress.foreign_load[-1] = (now.wall - start.wall, foreign_load(start, now))
        self.state.progress.joules[-1] = joules_between(self._energy_at_start, sample_energy(self.numerics.device))

    def _read(self) -> None:
        """Wait for unread steps, and check their losses. Raises `RunFailed` if one diverged."""
        ago = self._unread.read(self.state.progress, self._stopwatch.read())
        step = self.state.progress.step - (ago or 0)
        self._end_together(None if ago is None else f"diverged: the training loss was not finite at step {step}")

    def _end_together(self, reason: str | None) -> None:
        """Raise `RunFailed` on all ranks if one has a reason to: otherwise the others would wait for it for hours."""
        if self.hooks.world.any(reason is not None):
            raise RunFailed(reason or f"another rank failed before step {self.state.progress.step}")

    def _upcoming(self, order: torch.Tensor) -> torch.Tensor | None:
        """Indices of the next step's images, in an epoch of this `order`; None if they aren't prefetched."""
        epoch, within = divmod(self.state.progress.step + 1, self.steps_per_epoch)
        if not self.inputs.feed.prefetched or self.state.progress.step + 1 == self.total_steps:
            return None
        if within == 0:
            order = epoch_order(self.run.seed, epoch, self.inputs.count)
        return order[within * self.batch_size : (within + 1) * self.batch_size]

    def _step(self, batch: BatchIndices) -> None:
        run, state, progress = self.run, self.state, self.state.progress
        step, on_device = progress.step, batch.on_device
        rate = learning_rate_at(step, steps_per_epoch=self.steps_per_epoch, config=run.train)
        negatives = self.inputs.negatives(step)
        self._stopwatch.start()
        result = training_step(
            state,
            self.networks,
            self.inputs.views(self.inputs.gather(batch), step, progress.augment_hash),
            on_device,
            contrast=run.contrast,
            numerics=self.numerics,
            learning_rate=rate,
            negatives=negatives,
            shuffle=self.inputs.shuffle(step),
            world=self.hooks.world,
        )
        if (step % self.steps_per_epoch + 1) % self._diagnose_every == 0:
            self._stopwatch.pause()
            history.note_diagnosis(
                state,
                result.query,
                result.key,
                contrast=run.contrast,
                # The step has advanced the rule's generator; a new one repeats the draw that the step used.
                negatives=self.inputs.negatives(step),
                sample_index=on_device,
                labels=self.labels,
            )
            self._stopwatch.resume()
        enqueue(state, result, on_device, run.contrast)
        self._stopwatch.stop()
        self._unread.add(result, rate)

    def _end_epoch(self, epoch: int) -> None:
        row = history.close_epoch(self.state.progress, epoch=epoch, batch_size=self.batch_size)
        every, accuracy = self.run.evaluate.every, self.hooks.accuracy
        if every is not None and accuracy is not None and self.hooks.world.first and epoch % every == 0:
            row["knn_top1"] = accuracy(self.state.query_encoder)
        self.hooks.on_epoch(row)
        self._end_together(history.why_collapsed(row))
