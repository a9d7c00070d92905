"""Trains one run and writes its files, resuming from its checkpoint if there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from moco_bench.data.datasets import DataSet, manifest_of
from moco_bench.errors import Interrupted, RanksDisagree, RunFailed
from moco_bench.files import sealed, write_bytes, write_json
from moco_bench.measure.load import EXCLUSIVE_BELOW
from moco_bench.measure.machine import describe_accelerator, describe_machine, describe_versions
from moco_bench.measure.process import PeakMemory, peak_memory
from moco_bench.models.encoder import Encoder
from moco_bench.suite.checks.sections import check_train
from moco_bench.suite.identity.analysis import RECORDED_AS
from moco_bench.suite.identity.run import PROTOCOL
from moco_bench.suite.on_disk.hashes import describe_files
from moco_bench.suite.runs import Run
from moco_bench.train.across_ranks import spread_batch_norm
from moco_bench.train.attempts import note_attempt
from moco_bench.train.checkpoint import LATEST, LAYOUT, PREVIOUS, load_checkpoint
from moco_bench.train.compilation import networks_of
from moco_bench.train.history import EpochRow, write_history
from moco_bench.train.loop import Hooks, Trainer
from moco_bench.train.precision import Numerics, resolve_numerics
from moco_bench.train.state import TrainingState, hash_of_weights, initial_encoder, initial_state
from moco_bench.train.world import ALONE, World


@dataclass(frozen=True)
class Pretrained:
    """A run that has ended, successfully or not; `write_results` turns it into files."""

    run: Run
    state: TrainingState
    numerics: Numerics
    compiled: str
    manifest: dict[str, Any]
    init_hash: str
    attempts: list[dict[str, Any]]
    memory: PeakMemory
    """At the end of training: what evaluates the encoder next may need more."""

    @property
    def reason(self) -> str | None:
        """Why the run failed; None if it didn't."""
        return self.state.progress.failed

    @property
    def encoder(self) -> Encoder:
        """The trained query encoder."""
        return self.state.query_encoder


def pretrain(
    run: Run,
    dataset: DataSet,
    checkpoints: Path,
    *,
    device: str | None = None,
    registered: str | None = None,
    because: str = "",
    stop_requested: Callable[[], bool] = lambda: False,
    on_epoch: Callable[[EpochRow], None] = lambda row: None,
    world: World = ALONE,
    accuracy: Callable[[Encoder], float] | None = None,
) -> Pretrained:
    """Train a run to its end and leave a checkpoint in the folder of its own; the caller holds its lock.

    All ranks of `world` call this, rank 0 alone writes. `device` takes the configuration's place. `registered` is the
    fingerprint of the analysis that the suite declares, and `because` why the run had to be trained, both for
    `run.json`. `stop_requested` is asked after each step; `accuracy` of an encoder, in percent, after every
    `evaluate.every` epochs, off the clock. `on_epoch` is told each row of the history.

    Raises:
        InputError: the images don't fit the configuration, or a device is missing.
        Interrupted: a stop was requested and a checkpoint written.
        RanksDisagree: the ranks ended with unequal weights; the same command begins anew.
    """
    check_train(run.train, len(dataset.train), f"arms.{run.arm}")
    numerics = resolve_numerics(run.train, device)
    channels, height, width = dataset.train.images.shape[1:]
    shape = {"channels": channels, "image_size": min(height, width)}
    belongs_to = _belongs_to(run, dataset, numerics)
    state = initial_state(run, numerics, **shape)
    gathers = [spread_batch_norm(encoder, world) for encoder in (state.query_encoder, state.key_encoder)]
    saved = world.from_first(lambda: load_checkpoint(checkpoints, belongs_to))
    if saved is not None:
        state.load_state_dict(saved)
    del saved  # it would be held, beside its copies in the state, as long as training lasts
    step = state.progress.step
    attempts = note_attempt(checkpoints, run.fingerprint, step, registered, because) if world.first else []
    batch = torch.Size((run.train.batch_size // world.size, channels, height, width))
    how = run.train.model_copy(update={"compile": "never"}) if any(gathers) else run.train  # graphs can't communicate
    networks, compilation = networks_of(state, how, numerics, batch, called_twice=run.contrast.loss.swaps_views)
    hooks = Hooks(stop_requested, on_epoch, checkpoints, belongs_to, world, accuracy)
    trainer = Trainer(run, state, networks, dataset, numerics, hooks)
    try:
        trainer.train()
    except Interrupted:
        trainer.save()
        raise
    except RunFailed as failure:
        state.progress.failed = str(failure)
    try:
        world.check_agreement(hash_of_weights(state.query_encoder) + hash_of_weights(state.queue))
    except RanksDisagree:
        if world.first:
            _distrust(checkpoints)
        raise
    trainer.save()
    memory = peak_memory(numerics.device)
    return Pretrained(
        run=run,
        state=state,
        numerics=numerics,
        compiled=compilation,
        manifest=manifest_of(dataset),
        init_hash=hash_of_weights(initial_encoder(run, **shape)),
        attempts=attempts,
        memory=memory,
    )


def _distrust(checkpoints: Path) -> None:
    """Set the checkpoints aside: resumed, all ranks would have rank 0's state, and agree on what may be wrong."""
    for path in (checkpoints / LATEST, checkpoints / PREVIOUS):
        if path.exists():
            path.replace(path.with_suffix(".disagreed"))


def write_results(pretrained: Pretrained, directory: Path) -> None:
    """Write the run's files."""
    run, progress, numerics = pretrained.run, pretrained.state.progress, pretrained.numerics
    record = {
        "status": "done" if pretrained.reason is None else "failed",
        "reason": pretrained.reason,
        "data": pretrained.manifest,
        "accelerator": describe_accelerator(numerics.device),
        "device": str(numerics.device),
        "precision": numerics.precision,
        "threads": run.train.threads,
        "devices": run.train.devices,
        "compiled": pretrained.compiled,
        "keeps_freed_memory": numerics.keeps_memory,
        "hashes": {
            "init": pretrained.init_hash,
            "order": progress.order_hash.state,
            "augment": progress.augment_hash.state,
        },
        RECORDED_AS: pretrained.attempts[0][RECORDED_AS],
        "attempts": pretrained.attempts,
        "steps": progress.step,
        "epochs": len(progress.history),
    }
    write_run(run, directory, pretrained.encoder, progress.history, resources_of(pretrained), record)


def write_run(
    run: Run,
    directory: Path,
    encoder: Encoder,
    history: list[EpochRow],
    resources: dict[str, Any],
    record: dict[str, Any],
) -> None:
    """Write a run's files, `run.json` last: where it exists, the others are whole and of the same training.

    `record` is what `run.json` says beside names, settings, machine and the hashes of weights and files.
    """
    for name in ("run.json", "metrics.json"):  # they vouch for the files of the training before
        (directory / name).unlink(missing_ok=True)
    weights = {name: tensor.detach().contiguous().cpu() for name, tensor in encoder.state_dict().items()}
    write_bytes(directory / "encoder.safetensors", save(weights))
    write_history(directory / "history.csv", history)
    write_json(directory / "resources.json", resources)
    sections = {"dataset": run.dataset, "encoder": run.encoder, "contrast": run.contrast, "train": run.train}
    whole = {
        **run.names,
        **record,
        "fingerprint": run.fingerprint,
        "protocol": PROTOCOL,
        "config": {name: section.model_dump(mode="json") for name, section in sections.items()},
        "versions": describe_versions(),
        "machine": describe_machine(),
        "hashes": {**record["hashes"], "encoder": hash_of_weights(encoder)},
        "shared_from": None,
        "files": describe_files(directory),
    }
    write_json(directory / "run.json", sealed(whole))


def energy_of(joules: list[float | None]) -> float | None:
    """Joules of all attempts; None if one of them is unknown."""
    known = [value for value in joules if value is not None]
    return sum(known) if known and len(known) == len(joules) else None


def resources_of(pretrained: Pretrained) -> dict[str, Any]:
    """Content of `resources.json`: throughput and memory of the training alone."""
    run, progress = pretrained.run, pretrained.state.progress
    seconds = sum(duration for duration, _ in progress.foreign_load)
    foreign = sum(duration * share for duration, share in progress.foreign_load) / seconds if seconds else None
    shares_a_card = run.train.runs_per_gpu > 1 and pretrained.numerics.device.type == "cuda"
    return {
        **progress.times.summary(run.train.batch_size),
        "train_seconds": progress.times.train_seconds,
        "paused_seconds": sum(progress.times.paused),
        "energy_joules": energy_of(progress.joules),
        "peak_memory_mib": progress.peak_memory_mib,
        "memory_source": pretrained.memory.memory_source,
        "peak_reserved_mib": pretrained.memory.peak_reserved_mib,
        "exclusive": foreign is not None and foreign < EXCLUSIVE_BELOW and not shares_a_card,
        "foreign_load": foreign,
        "device": str(pretrained.numerics.device),
        "precision": pretrained.numerics.precision,
    }


def _belongs_to(run: Run, dataset: DataSet, numerics: Numerics) -> dict[str, str]:
    """What must agree for a checkpoint to be this run's: all that determines the bits of further training."""
    return {
        "layout": LAYOUT,
        "fingerprint": run.fingerprint,
        "data": dataset.sha256,
        "precision": numerics.precision,
        "device": numerics.device.type,
        "torch": str(torch.__version__),
    }
