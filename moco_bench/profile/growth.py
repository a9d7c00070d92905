"""How time and memory of a step grow with batch, queue, kept fraction, dimension and encoder."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import torch

from moco_bench.data.datasets import DataSet
from moco_bench.measure.allocations import MIB
from moco_bench.measure.surroundings import begin_watch, hindered, since
from moco_bench.profile.memory import watch_step
from moco_bench.profile.parts import LOSS
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import TableRow, time_rows
from moco_bench.profile.timing import STEP, time_steps
from moco_bench.profile.variants import ENCODER, stores_similarities, sweeps, variant
from moco_bench.profile.work import count_flops
from moco_bench.suite.config.profile import GrowthConfig
from moco_bench.suite.runs import Run


def growth_rows(
    runs: Mapping[str, Run],
    dataset: DataSet,
    device: str,
    config: GrowthConfig,
    baseline: str,
    tell: Callable[[str], None],
) -> list[TableRow]:
    """Measure every arm at every value of each quantity; the other quantities keep the arm's values.

    Returns:
        One row per quantity, value and arm. `value` is a number, for encoders that of their parameters; memory is the
        peak of tensors, which unlike a process's peak doesn't depend on what was measured before. `regime` is
        `stored` where a rule holds a step's similarities and else `streamed`; see `mark_falls` for the last column.
    """
    rows = []
    for quantity, values in sweeps(config).items():
        for value in values:
            tell(f"growth with {quantity}: {value.title if quantity == ENCODER else value}")
            varied = {arm: variant(run, quantity, value) for arm, run in runs.items()}
            torch.compiler.reset()  # after eight shapes of one function dynamo would give up and run it eagerly
            # Not held by a name: the next value's steppers would be made while these are still there.
            rows += _at_one_value(
                quantity, value, {arm: Stepper(run, dataset, device) for arm, run in varied.items() if run},
                config, baseline,
            )  # fmt: skip
    mark_falls(rows)
    return rows


def mark_falls(rows: list[TableRow]) -> None:
    """Fill the column `not_monotone` with the memory measures of a series that fall somewhere as the quantity grows.

    A power law can't describe such a series: where memory falls, the loss changed over to another way of computing.
    Nothing under a hundredth counts as a fall.
    """
    series: dict[tuple[Any, ...], list[TableRow]] = {}
    for row in rows:
        series.setdefault((row["arm"], row["quantity"]), []).append(row)
    for own in series.values():
        own = sorted(own, key=lambda row: float(row["value"]))
        fallen = [
            measure
            for measure in ("tensor_mib", "loss_mib")
            if any(after[measure] < 0.99 * before[measure] for before, after in pairwise(own))
        ]
        for row in own:
            row["not_monotone"] = " ".join(fallen)


def _at_one_value(
    quantity: str, value: Any, steppers: Mapping[str, Stepper], config: GrowthConfig, baseline: str
) -> list[TableRow]:
    watch = begin_watch(device=next(iter(steppers.values())).numerics.device)
    samples = time_steps(steppers, repeats=config.repeats, steps=config.steps, warmup_steps=1)
    batch_sizes = {arm: stepper.run.train.batch_size for arm, stepper in steppers.items()}
    times = time_rows(samples, batch_sizes, baseline, hindered=hindered(since(watch)))
    rows = []
    for time in (row for row in times if row["part"] == STEP):
        stepper = steppers[time["arm"]]
        stepper.plant_ties()
        timeline = watch_step(stepper).timeline
        parameters = sum(parameter.numel() for parameter in stepper.state.query_encoder.parameters())
        rows.append(
            {
                "arm": time["arm"],
                "quantity": quantity,
                "value": parameters if quantity == ENCODER else value,
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
                "regime": "stored" if stores_similarities(stepper.run, stepper.numerics.device) else "streamed",
            }
        )
    return rows
