"""The memory of one arm, as one call that can be made in a fresh process."""

from dataclasses import dataclass

from moco_bench.data.datasets import load_dataset
from moco_bench.profile.memory import MemoryByCause, before_the_model, evaluation_memory, training_memory
from moco_bench.profile.stepper import Stepper
from moco_bench.suite.runs import Run


@dataclass(frozen=True)
class ArmMemory:
    """What training and, where it was asked for, evaluating an arm takes."""

    training: MemoryByCause
    evaluation: MemoryByCause | None


def arm_memory(run: Run, device: str, evaluation: bool) -> ArmMemory:
    """Load the images, then measure. Raises `InputError` as loading and setting up do."""
    dataset = load_dataset(run.dataset)
    before = before_the_model(dataset)
    stepper = Stepper(run, dataset, device)
    training = training_memory(stepper, before)
    return ArmMemory(training, evaluation_memory(stepper, before) if evaluation else None)
