"""What is known of a suite's images before they are loaded: from their manifests, and from how many files there are."""

from collections.abc import Iterator
from pathlib import Path

from moco_bench.components.datasets.image_files import class_names, list_images
from moco_bench.errors import InputError
from moco_bench.files import read_mapping
from moco_bench.measure.quota import usable_memory
from moco_bench.suite.config import DatasetConfig
from moco_bench.suite.suite import Suite


def data_warnings(suite: Suite, results: Path) -> Iterator[str]:
    """What `prepare` found odd about a suite's images, and which sets memory can't hold, a line each."""
    for dataset in suite.datasets:
        manifest = _manifest(results / suite.name / "data" / f"{dataset.title}.json")
        found = manifest.get("warnings")
        yield from (f"data set {dataset.title}: {text}" for text in (found if isinstance(found, list) else []))
        needed, there = _bytes(dataset, manifest), usable_memory()
        if needed > there:
            selected = dataset.validation > 0 or dataset.train_limit is not None or dataset.test_limit is not None
            yield (
                f"data set {dataset.title}: its images take {needed / 2**30:.1f} GiB, more than the "
                f"{there / 2**30:.1f} GiB of memory here; "
                + (
                    "parts of a split (`validation`, limits) are copied into memory: make a folder of the images wanted"
                    if selected
                    else "they are read from disk again and again, at its speed"
                )
            )


def _manifest(path: Path) -> dict[str, object]:
    try:
        return read_mapping(path)
    except InputError:
        return {}


def _bytes(dataset: DatasetConfig, manifest: dict[str, object]) -> int:
    """Of both splits' images; 0 where nothing tells. Sets of other kinds are refused by memory when they are read."""
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
