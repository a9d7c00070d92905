"""Writes the files of a run whose encoder was trained elsewhere: those of a trained run, with zero epochs."""

from pathlib import Path

from moco_bench.data.datasets import DataSet, manifest_of, with_normalisation
from moco_bench.errors import InputError
from moco_bench.models.checkpoint import encoder_from
from moco_bench.suite.identity.analysis import RECORDED_AS
from moco_bench.suite.on_disk.checkpoint_file import hash_of_checkpoint
from moco_bench.suite.runs import Run
from moco_bench.train.attempts import note_attempt
from moco_bench.train.pretrain import write_run


def take_over(
    run: Run, dataset: DataSet, directory: Path, checkpoints: Path, registered: str, because: str = ""
) -> None:
    """Write the run's files from its checkpoint; `evaluate` measures the encoder on `dataset`.

    The caller holds the lock of `checkpoints`. `registered` is the fingerprint of the analysis that the suite declares,
    `because` why the run was missing.

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
    record = {
        "status": "done",
        "reason": None,
        "data": manifest_of(dataset),
        "checkpoint": {"file": str(path), "sha256": sha256, "head": encoder.has_head, "told": told},
        "hashes": {name: hashes.get(name) for name in ("init", "order", "augment")},
        RECORDED_AS: registered,
        "attempts": note_attempt(checkpoints, run.fingerprint, 0, registered, because),
        "steps": 0,
        "epochs": 0,
    }
    write_run(run, directory, encoder, [], {}, record)
