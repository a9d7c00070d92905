"""Why a suite's steps besides its runs have to be done (images, baselines, costs, profile), from files alone.

Each reason is a few words, and empty where there is nothing to do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from moco_bench.errors import InputError
from moco_bench.files import read_mapping, seal_is_broken, sha256_of
from moco_bench.suite.config import DatasetConfig
from moco_bench.suite.equal_compute import costs_fingerprint, costs_path
from moco_bench.suite.identity.run import EVALUATION_PROTOCOL, identity
from moco_bench.suite.on_disk.sources import have_changed, request_of
from moco_bench.suite.profiled import profile_fingerprint
from moco_bench.suite.suite import Suite
from moco_bench.suite.tune import of_other_images, tune_fingerprint, tuned_path

PROFILE_FILES = ("profile.json", "time.csv", "memory.csv")


@dataclass(frozen=True)
class DataState:
    """What is known of a data set's images.

    Attributes:
        sha256: of the images that the manifest describes; None where there is none that can be trusted.
        images: how many there are to train on, as far as it is known.
        reason: why they have to be read (again).
        changed: whether their files are others than those that were read.
    """

    sha256: str | None
    images: int | None
    reason: str
    changed: bool = False


def data_state(dataset: DatasetConfig, manifest: Path) -> DataState:
    """Compare a data set's files with its manifest."""
    try:
        described = read_mapping(manifest)
    except InputError:
        return DataState(None, None, "its manifest is not readable" if manifest.exists() else "not described yet")
    sha256, images, source = (described.get(name) for name in ("sha256", "train_images", "source"))
    if not isinstance(sha256, str):
        return DataState(None, None, "its manifest is not readable")
    if seal_is_broken(described):  # older ones have no seal
        return DataState(None, None, "its manifest was changed after prepare")
    images = images if isinstance(images, int) else None
    if not isinstance(source, dict):
        return DataState(sha256, images, "its manifest does not say which files it describes")
    if have_changed(dataset, source):
        return DataState(sha256, images, "its files have changed", changed=True)
    return DataState(sha256, images, "" if source.get("request") == request_of(dataset) else "other settings")


def floors_fingerprint(suite: Suite, dataset: DatasetConfig) -> str:
    """The hash of all that determines `floors/DATASET.json`, except the images."""
    return sha256_of(
        {
            "protocol": EVALUATION_PROTOCOL,
            "dataset": identity(dataset),
            "encoders": [identity(encoder) for encoder in suite.encoders],
            "seeds": suite.seeds,
            "evaluate": {key: value for key, value in identity(suite.evaluate).items() if key != "metrics"},
        }
    )


def why_floors(suite: Suite, dataset: DatasetConfig, data: DataState, results: Path) -> str:
    """Why raw pixels and untrained encoders have to be evaluated on a data set."""
    if not suite.evaluate.floors:
        return ""
    floors = results / suite.name / "floors" / f"{dataset.title}.json"
    if reason := _why(floors, floors_fingerprint(suite, dataset), "other settings"):
        return reason
    known = data.sha256 in (None, read_mapping(floors).get("data_sha256"))
    return "" if known and not data.changed else "the images have changed"


def why_costs(suite: Suite, results: Path) -> str:
    """Why the cost of a step of each arm has to be measured."""
    if suite.budgets == ("epochs",):
        return ""
    return _why(costs_path(suite, results), costs_fingerprint(suite), "other arms or settings")


def why_tune(suite: Suite, results: Path, states: Iterable[DataState] = ()) -> str:
    """Why the arms' settings have to be searched; `states` of the images, where they are known."""
    if not suite.tune:
        return ""
    path = tuned_path(suite, results)
    if reason := _why(path, tune_fingerprint(suite), "other candidates or settings"):
        return reason
    elsewhere = any(state.changed for state in states) or of_other_images(read_mapping(path), suite, results)
    return "the images have changed" if elsewhere else ""


def why_profile(suite: Suite, results: Path) -> str:
    """Why all arms have to be profiled."""
    if suite.profile is None:
        return ""
    folder = results / suite.name / "profile"
    summary, *tables = PROFILE_FILES
    if reason := _why(folder / summary, profile_fingerprint(suite), "other arms or settings"):
        return reason
    return next((f"{name} is missing" for name in tables if not (folder / name).exists()), "")


def _why(path: Path, fingerprint: str, otherwise: str) -> str:
    """Why a JSON file has to be made; `otherwise` if its fingerprint is another one."""
    try:
        content = read_mapping(path)
    except InputError:
        return f"{path.name} is not readable" if path.exists() else "not done yet"
    if seal_is_broken(content):
        return f"{path.name} was changed by hand"
    return "" if content.get("fingerprint") == fingerprint else otherwise
