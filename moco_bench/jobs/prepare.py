"""Reads a data set once, checks it, and writes its manifest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moco_bench.data.datasets import load_dataset, manifest_of
from moco_bench.data.inspection import describe
from moco_bench.errors import one_line
from moco_bench.evaluate.metrics import check_evaluation
from moco_bench.files import sealed, write_json
from moco_bench.suite.on_disk.sources import describe_sources
from moco_bench.suite.suite import Suite

MOST_CLASSES = 20
"""Classes whose sizes are printed one by one; the manifest has all."""


def prepare(suite: Suite, title: str, results: Path) -> tuple[Path, dict[str, Any]]:
    """Write `results/SUITE/data/TITLE.json`; return its path and content. Raises `InputError`."""
    config = suite.dataset(title)
    source = describe_sources(config)  # before: a file that changes meanwhile is then found out
    dataset = load_dataset(config)
    check_evaluation(dataset, suite.evaluate)
    path = results / suite.name / "data" / f"{title}.json"
    manifest = sealed({**manifest_of(dataset), **describe(dataset), "source": source})
    write_json(path, manifest)
    return path, manifest


def summary_of(manifest: dict[str, Any]) -> Iterator[str]:
    """A description of the images, line by line."""
    for split, images in (
        ("training", manifest["train_images"]),
        (manifest["evaluated_on"], manifest["evaluation_images"]),
    ):
        part = "train" if split == "training" else "evaluation"
        sizes = manifest["images_by_class"][part]
        (low, wide), (high, broad) = (manifest["read_sides"][part][which] for which in ("smallest", "largest"))
        lowest, highest = manifest["range"][part]
        sides = f"{low}x{wide}" if (low, wide) == (high, broad) else f"{low}x{wide} to {high}x{broad}"
        without = manifest.get("labelled_images") if split == "training" else None
        labels = "" if without is None else f" without labels; to evaluate with, {without}"
        yield one_line(
            f"{split}: {images} images{labels} in {len(sizes)} classes ({_by_class(manifest['classes'], sizes)}), "
            f"{sides} pixels in the files; as used, levels {lowest} to {highest}"
        )
    shape = "x".join(map(str, manifest["image_shape"]))
    means, deviations = (", ".join(f"{value:.3f}" for value in manifest[key]) for key in ("mean", "std"))
    yield f"used as {shape} (channels, height, width), mean {means}, deviation {deviations}"
    for remark in manifest["passed_over"]:
        yield one_line(f"passed over: {remark['count']} {remark['what']} (the first is {remark['first']})")


def _by_class(names: list[str], sizes: list[int]) -> str:
    """`500 each` where all are equal, else the first classes one by one."""
    if min(sizes) == max(sizes):
        return f"{sizes[0]} each"
    some = ", ".join(f"{name} {size}" for name, size in zip(names[:MOST_CLASSES], sizes, strict=False))
    return some + (f", ... from {min(sizes)} to {max(sizes)}" if len(names) > MOST_CLASSES else "")
