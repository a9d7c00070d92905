"""`moco-bench evaluate`: metrics of one run, or the floors that any encoder has to beat."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

from tqdm import tqdm

from moco_bench.cli.options import add_suite, tell_of_wait
from moco_bench.errors import InputError, RunFailed
from moco_bench.files import is_vouched_for, read_mapping, sealed, write_json
from moco_bench.suite.costs import find_settled_run
from moco_bench.suite.load import load_suite
from moco_bench.suite.on_disk.record import read_record
from moco_bench.suite.runs import Run
from moco_bench.suite.steps import floors_fingerprint
from moco_bench.suite.suite import Suite
from moco_bench.train.endings import ENDING
from moco_bench.train.pulse import FILE as PULSE
from moco_bench.train.signals import interrupted_by_signals

HELP = "Evaluate a trained run (metrics.json), or a data set's floors: raw pixels and random encoders."
EXAMPLE = "moco-bench evaluate config/quickstart.yaml --run fashion-scenes-5k/resnet-compact/vanilla/seed0"


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
        with interrupted_by_signals(f"floors of {options.floors}"):  # also while torch is imported
            path = _evaluate_floors(suite, options.floors, options.results)
    else:
        wanted = find_settled_run(suite, options.run_id, options.results)
        with interrupted_by_signals(wanted.id):
            path = evaluate_run(wanted, options.results)
    print(path)
    return 0


@contextmanager
def told_parts(title: str) -> Iterator[Callable[[str], None]]:
    """What tells the parts of a long work as they begin: a running line on a terminal, plain lines in a log.

    On standard error: what a command has made is all that it prints.
    """
    tqdm.set_lock(RLock())  # its own lock works between processes, and starts one to watch over it
    bar = tqdm(desc=title, unit=" parts", disable=not sys.stderr.isatty())

    def tell(what: str) -> None:
        if bar.disable:
            print(f"{title}: {what}", file=sys.stderr, flush=True)
        else:
            bar.set_postfix_str(what)
            bar.update()

    with bar:
        yield tell


def evaluate_run(wanted: Run, results: Path) -> Path:
    """Write a trained run's `metrics.json`, and return its path."""
    from moco_bench.train.run_lock import sole_writer

    directory, checkpoints = wanted.directory(results), wanted.checkpoints(results)
    _record_of(wanted, directory)  # before the lock makes a folder for a run that isn't there
    with sole_writer(checkpoints, partial(tell_of_wait, wanted, checkpoints)):
        record = _record_of(wanted, directory)
        write_json(directory / "metrics.json", _metrics(wanted, record, results))
        _remove_checkpoints(checkpoints)
    return directory / "metrics.json"


def _record_of(wanted: Run, directory: Path) -> dict[str, Any]:
    record = read_record(directory / "run.json")
    if record["fingerprint"] != wanted.fingerprint:
        raise InputError(f"{directory}: trained with other settings than the suite has now; run `pretrain` first")
    return record


def _metrics(wanted: Run, record: dict[str, Any], results: Path) -> dict[str, Any]:
    if record["status"] != "done":
        return _without_metrics(wanted, record["reason"])
    places = [wanted.stored_evaluation(wanted.checkpoints(results))]
    if record.get("shared_from"):  # the run that it is one with may have been evaluated already
        place = results / str(record["shared_from"]) / "metrics.json"
        if place.resolve().is_relative_to(results.resolve()):
            places.append(place)
    for place in places:
        stored = _stored(place, wanted, record)
        if stored is not None:
            return stored

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
    with leased_device(wanted.train.device) as name, told_parts(f"{wanted.id}: evaluation") as tell:
        device = resolve_numerics(wanted.train, name).device
        try:
            return store_evaluation(wanted, encoder, dataset, device, wanted.checkpoints(results), tell)
        except RunFailed as failure:
            return _without_metrics(wanted, str(failure))


def _stored(place: Path, wanted: Run, record: dict[str, Any]) -> dict[str, Any] | None:
    """What an evaluation left there, if it is whole, asked the same, and is about the same images."""
    try:
        metrics = read_mapping(place)
    except InputError:
        return None
    asked_the_same = metrics.get("evaluation_fingerprint") == wanted.evaluation_fingerprint
    if not is_vouched_for(metrics):
        return None
    return metrics if asked_the_same and metrics.get("data_sha256") == record["data"]["sha256"] else None


def _without_metrics(wanted: Run, reason: str) -> dict[str, Any]:
    return sealed({"evaluation_fingerprint": wanted.evaluation_fingerprint, "reason": reason})


def _remove_checkpoints(checkpoints: Path) -> None:
    """Only here, a rule later: had `pretrain` removed them, a kill at its very end would cost the whole run."""
    for path in (*checkpoints.glob("*.ckpt"), checkpoints / "attempts.json", checkpoints / ENDING, checkpoints / PULSE):
        path.unlink(missing_ok=True)


def _evaluate_floors(suite: Suite, title: str, results: Path) -> Path:
    configs = {config.title: config for config in suite.datasets}
    if title not in configs:
        raise InputError(f"--floors: suite {suite.name} has no data set {title!r}; it has {', '.join(configs)}")

    from moco_bench.data.datasets import load_described
    from moco_bench.evaluate.floors import floors_of
    from moco_bench.train.gpu_lease import leased_device
    from moco_bench.train.precision import resolve_numerics

    folder = results / suite.name
    with leased_device(suite.train.device) as name, told_parts(f"floors of {title}") as tell:
        dataset = load_described(configs[title], folder / "data" / f"{title}.json")
        device = resolve_numerics(suite.train, name).device
        floors = floors_of(dataset, suite.encoders, suite.seeds, suite.evaluate, device, tell)
        asked = {"fingerprint": floors_fingerprint(suite, configs[title]), "data_sha256": dataset.sha256}
        write_json(folder / "floors" / f"{title}.json", sealed({**floors, **asked}))
    return folder / "floors" / f"{title}.json"
