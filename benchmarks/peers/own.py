"""This package as a contender: the steps that `pretrain` makes, without its bookkeeping between steps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from benchmarks.peers.flags import flags_now
from benchmarks.peers.settings import ENCODERS, Timing, Workload
from moco_bench.data.datasets import DataSet
from moco_bench.profile.stepper import Stepper
from moco_bench.suite.config import DatasetConfig, EvaluateConfig, TrainConfig
from moco_bench.suite.runs import Run

Precision = Literal["float32", "bfloat16"]


class OwnLoop:
    """Training steps of this package.

    Attributes:
        name: `moco_bench`, its precision, and `compiled` where it is.
        stepper: what makes the steps.
    """

    def __init__(
        self,
        encoder: str,
        dataset: DataSet,
        precision: Precision,
        workload: Workload,
        timing: Timing,
        *,
        device: str = "cpu",
        compiled: bool = False,
    ) -> None:
        """Set up with fresh weights. Raises `InputError` as training does."""
        self.name = own_name(precision, compiled=compiled)
        train = TrainConfig(
            batch_size=workload.batch_sizes[encoder],
            precision=precision,
            compile="always" if compiled else "never",
            device=device,
            threads=timing.threads,
            augment=workload.augment,
        )
        self.stepper = Stepper(run_of(encoder, workload, train), dataset)
        self._flags = flags_now()  # as training sets them

    @contextmanager
    def turn(self) -> Iterator[Callable[[], object]]:
        """See `Contender`."""
        with self._flags.applied():
            yield self._step

    def _step(self) -> None:
        self.stepper.step()
        self.stepper.synchronise()


def own_name(precision: str, *, compiled: bool = False) -> str:
    """The name of one of this package's contenders."""
    return f"moco_bench {precision}{' compiled' if compiled else ''}"


def run_of(encoder: str, workload: Workload, train: TrainConfig) -> Run:
    """A run's configuration for the benchmark; its data set is never read, as the images are passed to the stepper."""
    return Run(
        suite="bench",
        dataset=DatasetConfig.model_validate({"name": "cifar10"}),
        encoder=ENCODERS[encoder],
        arm="vanilla",
        contrast=workload.contrast,
        train=train,
        evaluate=EvaluateConfig(),
        seed=0,
    )
