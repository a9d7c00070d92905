"""A suite's profile from its configuration to its files."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from moco_bench.data.datasets import DataSet, load_dataset
from moco_bench.files import write_json
from moco_bench.measure.machine import available_cores, describe_machine, describe_versions
from moco_bench.measure.surroundings import begin_watch, since
from moco_bench.profile.arm_memory import ArmMemory, arm_memory
from moco_bench.profile.bench import Bench
from moco_bench.profile.fresh import in_fresh_processes
from moco_bench.profile.tables import Row, clock_overhead, counter_rows, memory_rows, time_rows, write_csv
from moco_bench.profile.timing import time_steps
from moco_bench.suite.fingerprint import identity
from moco_bench.suite.profiled import PROFILE_PROTOCOL, profile_fingerprint, profiled_runs
from moco_bench.suite.profiling import ProfileConfig
from moco_bench.suite.runs import Run
from moco_bench.suite.suite import Suite

Tell = Callable[[str], None]


@dataclass
class Profile:
    """What was measured: tables by name, and what else there is to say about each cell."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    cells: list[dict[str, Any]] = field(default_factory=list)

    def add(self, table: str, cell: tuple[str, str], rows: list[Row]) -> None:
        """Append rows, with their data set and encoder behind."""
        dataset, encoder = cell
        self.tables.setdefault(table, []).extend({**row, "dataset": dataset, "encoder": encoder} for row in rows)


def profile_suite(suite: Suite, device: str, tell: Tell = lambda line: None) -> Profile:
    """Measure everything that the suite's `profile` asks for, or its defaults.

    Args:
        suite: what to profile.
        device: to compute on, such as `cpu` or `cuda:0`.
        tell: is given a line about what comes next.

    Raises:
        InputError: a data set can't be loaded.
    """
    config = suite.profile or ProfileConfig()
    profile = Profile()
    for cell, runs in profiled_runs(suite).items():
        place = " / ".join(cell)
        tell(f"{place}: memory of {len(runs)} arms")
        _add_memory(profile, cell, runs, config, device)
        tell(f"{place}: time of {len(runs)} arms, {config.repeats} rounds")
        _add_time(profile, cell, runs, config, device, suite.baseline)
    return profile


def write_profile(profile: Profile, suite: Suite, directory: Path) -> None:
    """Write a CSV file for each table, then `profile.json`: where that is, the others are whole."""
    for name, rows in profile.tables.items():
        write_csv(directory / f"{name}.csv", rows)
    write_json(
        directory / "profile.json",
        {
            "suite": suite.name,
            "protocol": PROFILE_PROTOCOL,
            "fingerprint": profile_fingerprint(suite),
            "baseline": suite.baseline,
            "settings": identity(suite.profile or ProfileConfig()),
            "machine": describe_machine(),
            "versions": describe_versions(),
            "cells": profile.cells,
        },
    )


def _add_memory(
    profile: Profile, cell: tuple[str, str], runs: Mapping[str, Run], config: ProfileConfig, device: str
) -> None:
    """Each arm in a process of its own, side by side where that disturbs nothing but the time it takes."""
    evaluated = _first_of_each_encoder(runs) if config.evaluation else {}
    calls = [(run, device, arm in evaluated.values()) for arm, run in runs.items()]
    measured: dict[str, ArmMemory] = dict(
        zip(
            runs,
            in_fresh_processes(arm_memory, calls, side_by_side=1 if device.startswith("cuda") else available_cores()),
            strict=True,
        )
    )
    for arm, run in runs.items():
        profile.add("memory", cell, memory_rows(arm, "training", measured[arm].training))
        profile.add("counters", cell, counter_rows(arm, "training", measured[arm].training))
        evaluation = measured[evaluated[_encoder_of(run)]].evaluation if evaluated else None
        if evaluation is not None:
            profile.add("memory", cell, memory_rows(arm, "evaluation", evaluation))
            profile.add("counters", cell, counter_rows(arm, "evaluation", evaluation))


def _first_of_each_encoder(runs: Mapping[str, Run]) -> dict[str, str]:
    """An evaluation sees an encoder, not the arm that trained it: one is measured for all arms that share theirs."""
    first: dict[str, str] = {}
    for arm, run in runs.items():
        first.setdefault(_encoder_of(run), arm)
    return first


def _encoder_of(run: Run) -> str:
    return repr((run.encoder, run.train.optimiser))


def _add_time(
    profile: Profile, cell: tuple[str, str], runs: Mapping[str, Run], config: ProfileConfig, device: str, baseline: str
) -> None:
    dataset: DataSet = load_dataset(next(iter(runs.values())).dataset)
    benches = {arm: Bench(run, dataset, device) for arm, run in runs.items()}
    watch = begin_watch()
    samples = time_steps(benches, repeats=config.repeats, steps=config.steps, warmup_steps=config.warmup_steps)
    surroundings = since(watch)
    sizes = {arm: run.train.batch_size for arm, run in runs.items()}
    profile.add("time", cell, time_rows(samples, sizes, baseline))
    profile.add("samples", cell, [asdict(sample) for sample in samples])
    bench = next(iter(benches.values()))
    profile.cells.append(
        {
            "dataset": cell[0],
            "encoder": cell[1],
            "device": str(bench.numerics.device),
            "precision": bench.numerics.precision,
            "threads": bench.run.train.threads,
            "compiled": bench.compilation,
            "clock_overhead": clock_overhead(samples),
            "surroundings": surroundings,
        }
    )
