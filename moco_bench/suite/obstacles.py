"""Finds obstacles to a suite's runs on this machine, without loading anything."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from moco_bench.suite.on_disk.sources import absent
from moco_bench.suite.plan import SuitePlan


def obstacles(plan: SuitePlan) -> Iterator[str]:
    """One line for each thing that this machine lacks for the runs that would be trained; some come twice."""
    waiting = [item.run for item in plan.runs if item.would_train]
    for run in waiting:
        place = absent(run.dataset)
        if place:
            yield f"data set {run.dataset.title}: {place} is not there; put the images there, or change the suite"
        images, batch = plan.images.get(run.dataset.title), run.train.batch_size
        if images is not None and batch > images:
            yield (
                f"arm {run.arm}: train.batch_size {batch} is more than the {images} training images of "
                f"{run.dataset.title}; at most {images}"
            )
        if run.train.device.startswith("cuda") and not _has_gpu():
            yield f"arm {run.arm}: train.device {run.train.device}, but there is no NVIDIA GPU here; `auto` or `cpu`"


def _has_gpu() -> bool:
    return shutil.which("nvidia-smi") is not None or Path("/dev/nvidiactl").exists()
