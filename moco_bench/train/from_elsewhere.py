"""Writes the files of a run whose encoder was trained elsewhere: those of a trained run, with zero epochs."""

from pathlib import Path
from typing import Any

from safetensors.torch import save

from moco_bench.data.datasets import DataSet, manifest_of, with_normalisation
from moco_bench.errors import InputError
from moco_bench.files import sealed, write_bytes, write_json
from moco_bench.measure.machine import describe_machine, describe_versions
from moco_bench.models.checkpoint import encoder_from
from moco_bench.suite.identity.analysis import RECORDED_AS
from moco_bench.suite.on_disk.checkpoint_file import hash_of_checkpoint
from moco_bench.suite.on_disk.hashes import describe_files
from moco_bench.suite.runs import Run
from moco_bench.train.attempts import note_attempt
from moco_bench.train.history import write_history
from moco_bench.train.pretrain import place_of, settings_of
from moco_bench.train.state import hash_of_weights


def take_over(run: Run, dataset: DataSet, directory: Path, checkpoints: Path, registered: str) -> None:
    """Write the run's files from its checkpoint, `run.json` last; `evaluate` measures the encoder.

    Args:
        run: one with a checkpoint.
        dataset: the images that it will be evaluated on.
        directory: the run's.
        checkpoints: the run's own folder for what is kept between attempts; the caller holds its lock.
        registered: fingerprint of the analysis that the suite declares.

    Raises:
        InputError: the file is missing or damaged, or holds another network.
    """
    path, given = run.checkpoint, run.encoder.checkpoint
    assert path is not None
    assert given is not None
    sha256 = hash_of_checkpoint(path)
    channels, height, width = dataset.train.images.shape[1:]
    encoder, told = encoder_from(run.encoder, path, channels=channels, image_size=min(height, width))
    if given.normalise is not None:
        dataset = with_normalisation(dataset, given.normalise.mean, given.normalise.std)
    elif "mean" in told and "std" in told:
        dataset = with_normalisation(dataset, told["mean"], told["std"])
    if not len(dataset.mean) == len(dataset.std) == channels:
        raise InputError(
            f"encoder.checkpoint: {path}: normalised over {len(dataset.mean)} channels, but the images of "
            f"{run.dataset.title} have {channels}; give one mean and one std per channel"
        )
    hashes = told.get("hashes") or {}
    for name in ("run.json", "metrics.json"):  # they vouch for the files before
        (directory / name).unlink(missing_ok=True)
    weights = {name: tensor.detach().contiguous() for name, tensor in encoder.state_dict().items()}
    write_bytes(directory / "encoder.safetensors", save(weights))
    write_history(directory / "history.csv", [])
    write_json(directory / "resources.json", {})
    record: dict[str, Any] = {
        **place_of(run),
        "status": "done",
        "reason": None,
        **settings_of(run),
        "data": manifest_of(dataset),
        "checkpoint": {"file": str(path), "sha256": sha256, "head": encoder.has_head, "told": told},
        "versions": describe_versions(),
        "machine": describe_machine(),
        "hashes": {
            **{name: hashes.get(name) for name in ("init", "order", "augment")},
            "encoder": hash_of_weights(encoder),
        },
        RECORDED_AS: registered,
        "attempts": note_attempt(checkpoints, run.fingerprint, 0, registered),
        "steps": 0,
        "epochs": 0,
        "shared_from": None,
        "files": describe_files(directory),
    }
    write_json(directory / "run.json", sealed(record))
