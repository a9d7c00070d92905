"""`moco-bench evaluate`: metrics of one run, or the floors that any encoder has to beat."""

import argparse
from pathlib import Path
from typing import Any

from moco_bench.cli.options import add_suite
from moco_bench.errors import InputError
from moco_bench.files import read_json, write_json
from moco_bench.suite.runs import Run, find_run
from moco_bench.suite.suite import Suite, load_suite

HELP = "Evaluate a trained run (metrics.json), or a data set's floors: raw pixels and random encoders."
EXAMPLE = "moco-bench evaluate config/quickstart.yaml --run fashion-mnist-5k/resnet-compact/vanilla/seed0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--run", dest="run_id", metavar="DATASET/ENCODER/ARM/seedN", help="which run")
    which.add_argument("--floors", metavar="DATASET", help="floors of this data set")


def run(options: argparse.Namespace) -> int:
    """Write `metrics.json` of a run, or `results/SUITE/floors/DATASET.json`."""
    suite = load_suite(options.suite)
    if options.floors is not None:
        path = _evaluate_floors(suite, options.floors, options.results)
    else:
        path = _evaluate_run(find_run(suite, options.run_id), options.results)
    print(path)
    return 0


def _evaluate_run(wanted: Run, results: Path) -> Path:
    directory, checkpoints = wanted.directory(results), wanted.checkpoints(results)
    record = read_json(directory / "run.json")
    if record["fingerprint"] != wanted.fingerprint:
        raise InputError(f"{directory}: trained with other settings than the suite has now; run `pretrain` first")
    metrics = _metrics(wanted, record, directory, checkpoints)
    write_json(directory / "metrics.json", metrics)
    _remove_checkpoints(checkpoints)
    return directory / "metrics.json"


def _metrics(wanted: Run, record: dict[str, Any], directory: Path, checkpoints: Path) -> dict[str, Any]:
    if record["status"] != "done":
        return {"evaluation_fingerprint": wanted.evaluation_fingerprint, "reason": record["reason"]}
    stored = wanted.stored_evaluation(checkpoints)
    if stored.exists():
        metrics: dict[str, Any] = read_json(stored)
        if metrics.get("data_sha256") == record["data"]["sha256"]:
            return metrics

    from safetensors.torch import load_file

    from moco_bench.data.datasets import load_dataset
    from moco_bench.evaluate.stored import store_evaluation
    from moco_bench.train.precision import resolve_numerics
    from moco_bench.train.signals import interrupted_by_signals
    from moco_bench.train.state import initial_encoder

    dataset = load_dataset(wanted.dataset)
    if dataset.sha256 != record["data"]["sha256"]:
        raise InputError(f"{wanted.dataset.title}: the data set has changed since {wanted.id} was trained on it")
    channels, height, width = dataset.train.images.shape[1:]
    encoder = initial_encoder(wanted, channels=channels, image_size=min(height, width))
    encoder.load_state_dict(load_file(directory / "encoder.safetensors"))
    with interrupted_by_signals("evaluation"):
        return store_evaluation(wanted, encoder, dataset, resolve_numerics(wanted.train).device, checkpoints)


def _remove_checkpoints(checkpoints: Path) -> None:
    """Only here, a rule later: had `pretrain` removed them, a kill at its very end would cost the whole run."""
    for path in (*checkpoints.glob("*.ckpt"), checkpoints / "attempts.jsonl"):
        path.unlink(missing_ok=True)


def _evaluate_floors(suite: Suite, title: str, results: Path) -> Path:
    configs = {config.title: config for config in suite.datasets}
    if title not in configs:
        raise InputError(f"--floors: suite {suite.name} has no data set {title!r}; it has {', '.join(configs)}")

    from moco_bench.data.datasets import load_dataset
    from moco_bench.evaluate.floors import floors_of
    from moco_bench.train.precision import resolve_numerics
    from moco_bench.train.signals import interrupted_by_signals

    device = resolve_numerics(suite.train).device
    with interrupted_by_signals("evaluation"):
        floors = floors_of(load_dataset(configs[title]), suite.encoders, suite.seeds, suite.evaluate, device)
    path = results / suite.name / "floors" / f"{title}.json"
    write_json(path, floors)
    return path
