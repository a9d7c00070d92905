"""Warnings about settings that don't suit the number of images."""

from collections.abc import Iterator, Mapping
from typing import Any

from moco_bench.suite.runs import Run, expand
from moco_bench.suite.suite import Suite

BANK_PART = 5
"""More neighbours than one in this many training images aren't local any more."""

QUEUE, NEIGHBOURS = "a queue of", "evaluate.knn_k is"
"""How these warnings begin. No remark on images begins so, which tells the two apart in a manifest."""


def manifest_warnings(suite: Suite | None, dataset: str, manifest: Mapping[str, Any]) -> list[str]:
    """All warnings for a data set with this manifest, one line each: of its images, then of the suite's settings.

    Manifests once held both. Those of settings are not repeated: the suite may have changed since.
    """
    noted, images = manifest.get("warnings"), manifest.get("train_images")
    remarks = [str(remark) for remark in noted] if isinstance(noted, list) else []
    found = [remark for remark in remarks if not remark.startswith((QUEUE, NEIGHBOURS))]
    return found + (size_warnings(suite, dataset, images) if suite and isinstance(images, int) else [])


def size_warnings(suite: Suite, dataset: str, images: int) -> list[str]:
    """Warnings for this data set with its number of training images, one line each."""
    runs = {run.arm: run for run in expand(suite) if run.dataset.title == dataset and run.seed == suite.seeds[0]}
    found = [warning for run in runs.values() for warning in _about_queue(run, images)]
    if suite.evaluate.knn_k * BANK_PART > images:
        found.append(
            f"{NEIGHBOURS} {suite.evaluate.knn_k}, more than a fifth of its {images} training "
            "images, so that kNN says little about neighbours"
        )
    return list(dict.fromkeys(found))


def _about_queue(run: Run, images: int) -> Iterator[str]:
    keys, batch = run.contrast.queue_size, run.train.batch_size
    entered = run.train.epochs * (images // batch) * batch * run.contrast.keys_per_image
    if keys > entered:
        yield (
            f"{QUEUE} {keys} keys, but in {run.train.epochs} epoch{'s' * (run.train.epochs != 1)} only {entered} "
            "ever enter it; the others stay the random vectors that it began with"
        )
    elif keys > images:
        yield f"{QUEUE} {keys} keys is longer than an epoch of {images} images, so its oldest keys are stale"
