"""Memory of one arm, as one call that can be made in a fresh process."""

import gc
from dataclasses import dataclass, replace

# What an encoder imports when it is built is a library's memory, not an arm's: here it is in the baseline.
import torchvision.models.resnet  # noqa: F401

from moco_bench.data.datasets import load_dataset
from moco_bench.profile.accounting import MemoryByCause
from moco_bench.profile.memory import before_the_model, compiled_peak, evaluation_memory, training_memory
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.variants import uncompiled
from moco_bench.suite.runs import Run
from moco_bench.train.precision import resolve_device, resolve_numerics


@dataclass(frozen=True)
class ArmMemory:
    """Memory of an arm's training and, if asked for, its evaluation."""

    training: MemoryByCause
    evaluation: MemoryByCause | None


def arm_memory(run: Run, device: str, evaluation: bool) -> ArmMemory:
    """Load the images and measure the memory. Raises `InputError` as loading and setting up do."""
    dataset = load_dataset(run.dataset)
    on = resolve_device(device)
    if on.type == "cuda":
        resolve_numerics(run.train, device)  # cuBLAS reads its settings when it first multiplies, which comes next
    before = before_the_model(dataset, on)
    stepper = Stepper(uncompiled(run), dataset, device)
    training = training_memory(stepper, before)
    evaluated = evaluation_memory(stepper, before) if evaluation else None
    del stepper
    gc.collect()
    training = replace(training, counters={**training.counters, **compiled_peak(run, dataset, on)})
    return ArmMemory(training, evaluated)
