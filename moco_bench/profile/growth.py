"""How time and memory of a step grow with batch, queue, kept fraction, dimension and encoder."""

from collections.abc import Callable, Mapping
from typing import Any

from moco_bench.data.datasets import DataSet
from moco_bench.measure.allocations import MIB
from moco_bench.profile.memory import watch_step
from moco_bench.profile.parts import LOSS
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import Row, time_rows
from moco_bench.profile.timing import STEP, time_steps
from moco_bench.profile.variants import ENCODER, sweeps, variant
from moco_bench.profile.work import count_flops
from moco_bench.suite.profiling import GrowthConfig
from moco_bench.suite.runs import Run


def growth_rows(
    runs: Mapping[str, Run],
    dataset: DataSet,
    device: str,
    config: GrowthConfig,
    baseline: str,
    tell: Callable[[str], None],
) -> list[Row]:
    """Measure every arm at every value of every quantity, the other quantities as the arm has them.

    Returns:
        One row a quantity, value and arm. `value` is a number, for encoders that of their parameters; memory is the
        peak of tensors, which unlike a process's peak doesn't depend on what was measured before.
    """
    rows = []
    for quantity, values in sweeps(config).items():
        for value in values:
            tell(f"growth with {quantity}: {value.title if quantity == ENCODER else value}")
            varied = {arm: variant(run, quantity, value) for arm, run in runs.items()}
            rows += _at_one_value(
                quantity, value, {a: run for a, run in varied.items() if run}, dataset, device, config, baseline
            )
    return rows


def _at_one_value(
    quantity: str,
    value: Any,
    runs: Mapping[str, Run],
    dataset: DataSet,
    device: str,
    config: GrowthConfig,
    baseline: str,
) -> list[Row]:
    steppers = {arm: Stepper(run, dataset, device) for arm, run in runs.items()}
    samples = time_steps(steppers, repeats=config.repeats, steps=config.steps, warmup_steps=1)
    times = time_rows(samples, {arm: run.train.batch_size for arm, run in runs.items()}, baseline)
    rows = []
    for time in (row for row in times if row["part"] == STEP):
        stepper = steppers[time["arm"]]
        timeline = watch_step(stepper).timeline
        rows.append(
            {
                "arm": time["arm"],
                "quantity": quantity,
                "value": _parameters(stepper) if quantity == ENCODER else value,
                "label": value.title if quantity == ENCODER else str(value),
                **{
                    name: time[name]
                    for name in ("median_ms", "q1", "q3", "ratio", "ratio_q1", "ratio_q3", "images_per_second")
                },
                "tensor_mib": timeline.peak / MIB,
                "loss_mib": timeline.highest(LOSS) / MIB,
                "flops": sum(count_flops(stepper).values()),
                "foreign_load": time["foreign_load"],
                "exclusive": time["exclusive"],
            }
        )
    return rows


def _parameters(stepper: Stepper) -> int:
    return sum(parameter.numel() for parameter in stepper.state.query_encoder.parameters())
