"""Metrics of a trained run: reused if its training process stored them, else computed here."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError, RunFailed
from moco_bench.files import is_vouched_for, mapping_if_any, sealed, write_json
from moco_bench.jobs.progress import tell_of_wait, told_parts
from moco_bench.suite.on_disk.record import read_record
from moco_bench.suite.runs import Run
from moco_bench.train.attempts import ATTEMPTS
from moco_bench.train.last_error import LAST_ERROR
from moco_bench.train.pulse import FILE as PULSE
from moco_bench.train.run_lock import sole_writer


def evaluate_run(wanted: Run, results: Path) -> Path:
    """Write a trained run's `metrics.json`, remove its checkpoints, and return the file's path."""
    directory, checkpoints = wanted.directory(results), wanted.checkpoints(results)
    _record_of(wanted, directory)  # before the lock makes a folder for a run that isn't there
    with sole_writer(checkpoints, partial(tell_of_wait, wanted), directory=directory):
        record = _record_of(wanted, directory)
        write_json(directory / "metrics.json", _metrics(wanted, record, results))
        # Here, not in `pretrain`, where a kill at the very end would cost the whole run.
        for path in (*checkpoints.glob("*.ckpt"), *(checkpoints / name for name in (ATTEMPTS, LAST_ERROR, PULSE))):
            path.unlink(missing_ok=True)
    return directory / "metrics.json"


def _record_of(wanted: Run, directory: Path) -> dict[str, Any]:
    record = read_record(directory / "run.json")
    if record["fingerprint"] != wanted.fingerprint:
        raise InputError(f"{directory}: trained with other settings than the suite has now; run `pretrain` first")
    return record


def _metrics(wanted: Run, record: dict[str, Any], results: Path) -> dict[str, Any]:
    if record["status"] != "done":
        return _without_metrics(wanted, record["reason"])
    for found in _of_the_same_weights(wanted, record, results):
        if _answers(found, wanted, record):
            return found

    from moco_bench.data.datasets import load_dataset, with_normalisation
    from moco_bench.evaluate.stored import store_evaluation
    from moco_bench.train.gpu_lease import leased_device
    from moco_bench.train.precision import resolve_numerics
    from moco_bench.train.state import trained_encoder

    dataset = load_dataset(wanted.dataset)
    if dataset.sha256 != record["data"]["sha256"]:
        raise InputError(f"{wanted.dataset.title}: the data set has changed since {wanted.id} was trained on it")
    if wanted.checkpoint is not None:  # the encoder may have a normalisation of its own
        dataset = with_normalisation(dataset, record["data"]["mean"], record["data"]["std"])
    channels, height, width = dataset.train.images.shape[1:]
    weights = wanted.directory(results) / "encoder.safetensors"
    encoder = trained_encoder(wanted, weights, record["hashes"], channels=channels, image_size=min(height, width))
    with (
        leased_device(wanted.train.device, runs_per_gpu=wanted.train.runs_per_gpu) as name,
        told_parts(f"{wanted.id}: evaluation") as tell,
    ):
        device = resolve_numerics(wanted.train, name).device
        try:
            return store_evaluation(wanted, encoder, dataset, device, wanted.checkpoints(results), tell)
        except RunFailed as failure:
            return _without_metrics(wanted, str(failure))


def _of_the_same_weights(wanted: Run, record: dict[str, Any], results: Path) -> Iterator[dict[str, Any]]:
    """Evaluations of this encoder: of its training process, and of the run that it is one with."""
    encoder = record["hashes"].get("encoder", "")
    stored = mapping_if_any(wanted.stored_evaluation(wanted.checkpoints(results)))
    metrics = stored.get("metrics")
    if stored.get("encoder") == encoder and isinstance(metrics, dict):
        yield metrics
    if record.get("shared_from"):
        with suppress(OSError, ValueError):  # no path at all
            lender = results / str(record["shared_from"])
            if lender.resolve().is_relative_to(results.resolve()):
                hashes = mapping_if_any(lender / "run.json").get("hashes")
                if isinstance(hashes, dict) and hashes.get("encoder") == encoder:  # not trained again since
                    yield mapping_if_any(lender / "metrics.json")


def _answers(metrics: dict[str, Any], wanted: Run, record: dict[str, Any]) -> bool:
    """Whether an evaluation is intact and has the settings and images that are asked for."""
    return (
        is_vouched_for(metrics)
        and metrics.get("evaluation_fingerprint") == wanted.evaluation_fingerprint
        and metrics.get("data_sha256") == record["data"]["sha256"]
    )


def _without_metrics(wanted: Run, reason: str) -> dict[str, Any]:
    return sealed({"evaluation_fingerprint": wanted.evaluation_fingerprint, "reason": reason})
