"""What is known of a suite's images before they are loaded: from their manifests and numbers of files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from moco_bench.components.datasets.image_files import class_names, list_images
from moco_bench.data.cache_folder import cache_folder
from moco_bench.errors import InputError
from moco_bench.files import mapping_if_any
from moco_bench.measure.quota import usable_memory
from moco_bench.suite.checks.size_warnings import manifest_warnings
from moco_bench.suite.config import DatasetConfig
from moco_bench.suite.suite import Suite


def data_warnings(suite: Suite, results: Path) -> Iterator[str]:
    """Warnings for the images that `prepare` described, and sets too large for memory or disk, one line each."""
    for dataset in suite.datasets:
        manifest = mapping_if_any(results / suite.name / "data" / f"{dataset.title}.json")
        found = manifest_warnings(suite, dataset.title, manifest)
        yield from (f"data set {dataset.title}: {text}" for text in found)
        needed, there = _bytes(dataset, manifest), usable_memory()
        if needed > there:
            yield (
                f"data set {dataset.title}: its images take {_gib(needed)}, more than the {_gib(there)} of memory "
                "here; they are read from disk in every epoch, at its speed"
            )
        if "sha256" not in manifest and needed > (room := _room(cache_folder())):
            yield (
                f"data set {dataset.title}: its decoded images take {_gib(needed)}, and {cache_folder()} has "
                f"{_gib(room)} left; let MOCO_BENCH_CACHE name a larger disk"
            )


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def _room(folder: Path) -> int:
    """Free bytes on the disk of a folder, which needn't exist yet."""
    return shutil.disk_usage(next(place for place in (folder, *folder.absolute().parents) if place.is_dir())).free


def _bytes(dataset: DatasetConfig, manifest: dict[str, object]) -> int:
    """Bytes of both splits' images; 0 if unknown. For other kinds of sets, memory is checked when they are read."""
    size = dataset.image_size or dataset.source.side
    if not dataset.source.of_files or size is None:
        return 0
    count = [manifest.get(key) for key in ("train_images", "evaluation_images")]
    if not all(isinstance(images, int) for images in count):
        try:
            count = [_files(Path(place)) for place in dataset.source.places() if Path(place).is_dir()]
        except (InputError, OSError):
            return 0
    return sum(images for images in count if isinstance(images, int)) * 3 * size**2


def _files(folder: Path) -> int:
    return len(list_images(folder, class_names(folder)).files)
