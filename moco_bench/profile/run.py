"""Measures a suite's profile, in an order in which no measurement disturbs another."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from moco_bench.data.datasets import DataSet, load_dataset
from moco_bench.measure.ceiling import Ceiling, measure_ceiling
from moco_bench.measure.machine import describe_machine, describe_versions
from moco_bench.measure.quota import available_cores
from moco_bench.measure.surroundings import begin_watch, hindered, since
from moco_bench.profile import tables
from moco_bench.profile.accounting import MemoryByCause
from moco_bench.profile.arm_memory import ArmMemory, arm_memory
from moco_bench.profile.capacity import capacity_rows
from moco_bench.profile.files import write_files
from moco_bench.profile.fresh import in_fresh_processes
from moco_bench.profile.growth import growth_rows
from moco_bench.profile.leak import leak_rows, leak_verdicts
from moco_bench.profile.queue_claim import queue_rows
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import TableRow
from moco_bench.profile.timing import time_steps
from moco_bench.profile.work import count_flops, work_rows
from moco_bench.suite.config.profile import ProfileConfig
from moco_bench.suite.profiled import PROFILE_PROTOCOL, GridCell, profile_fingerprint, profiled_runs
from moco_bench.suite.runs import Run
from moco_bench.suite.suite import Suite
from moco_bench.train.precision import DTYPES

FLOAT32 = "float32"
Tell = Callable[[str], None]


@dataclass
class Profile:
    """The results of a profile: tables by name, and further facts about each data set and encoder."""

    tables: dict[str, list[TableRow]] = field(default_factory=dict)
    cells: list[dict[str, Any]] = field(default_factory=list)


def profile_suite(suite: Suite, device: str, tell: Tell = lambda line: None) -> Profile:
    """Measure everything that the suite's `profile` asks for, or its defaults, on a device such as `cpu` or `cuda:0`.

    `tell` is given a line about what comes next.

    Raises:
        InputError: a data set can't be loaded.
    """
    config, profile = suite.profile or ProfileConfig(), Profile()
    for cell, runs in profiled_runs(suite).items():
        measured = _Measurement(cell, runs, config, device, suite.baseline, tell)
        measured.memory()  # first: its processes are gone before a clock runs
        profile.cells.append(measured.time())
        measured.sweeps()
        for name, rows in measured.tables.items():
            profile.tables.setdefault(name, []).extend(rows)
    return profile


def first_steppers(suite: Suite, device: str) -> dict[str, Stepper]:
    """Every arm of the suite's first data set and encoder, ready to make steps for a trace or a snapshot."""
    runs = next(iter(profiled_runs(suite).values()))
    dataset = load_dataset(next(iter(runs.values())).dataset)
    return {arm: Stepper(run, dataset, device) for arm, run in runs.items()}


def write_profile(profile: Profile, suite: Suite, directory: Path) -> None:
    """Write a CSV file for each table, and `profile.json` last: where it exists, the tables are whole and its own."""
    write_files(
        directory,
        profile.tables,
        {
            "suite": suite.name,
            "protocol": PROFILE_PROTOCOL,
            "fingerprint": profile_fingerprint(suite),
            "baseline": suite.baseline,
            "settings": (suite.profile or ProfileConfig()).model_dump(mode="json"),
            "machine": describe_machine(),
            "versions": describe_versions(),
            "cells": profile.cells,
        },
    )


class _Measurement:
    """The profile of one data set with one encoder: all arms, table after table."""

    def __init__(
        self,
        cell: GridCell,
        runs: Mapping[str, Run],
        config: ProfileConfig,
        device: str,
        baseline: str,
        tell: Tell,
    ) -> None:
        self.tables: dict[str, list[TableRow]] = {}
        self._cell, self._runs, self._config, self._device, self._baseline = cell, runs, config, device, baseline
        self._told = tell
        self._about_memory: dict[str, Any] = {}
        self._dataset: DataSet = load_dataset(next(iter(runs.values())).dataset)

    def memory(self) -> None:
        """Measure each arm's memory in a process of its own, on a CPU several at a time."""
        self._tell(f"memory of {len(self._runs)} arms")
        evaluated = _first_of_each_evaluation(self._runs) if self._config.evaluation else {}
        calls = [(run, self._device, arm in evaluated.values()) for arm, run in self._runs.items()]
        processes = 1 if self._device.startswith("cuda") else available_cores()
        found = in_fresh_processes(arm_memory, calls, side_by_side=processes)
        measured: dict[str, ArmMemory] = dict(zip(self._runs, found, strict=True))
        for arm, run in self._runs.items():
            training = measured[arm].training
            self._add("timeline", tables.timeline_rows(arm, training))
            self._add("parts", tables.part_rows(arm, training))
            self._add_memory(arm, "training", training)
            evaluation = measured[evaluated[_seen_by_evaluation(run)]].evaluation if evaluated else None
            if evaluation is not None:
                self._add_memory(arm, "evaluation", evaluation)

    def _add_memory(self, arm: str, phase: str, found: MemoryByCause) -> None:
        self._add("memory", tables.memory_rows(arm, phase, found))
        self._add("counters", tables.counter_rows(arm, phase, found))
        self._about_memory.setdefault(arm, {})[phase] = {
            "peak_source": found.peak_source,
            "unattributed_of_peak": found.unattributed_of_peak,
            "unattributed_above_baseline": found.unattributed_above_baseline,
        }

    def time(self) -> dict[str, Any]:
        """Measure time and FLOPs of all arms; returns facts about the measurement."""
        config, runs = self._config, self._runs
        self._tell(f"time of {len(runs)} arms, {config.repeats} rounds")
        steppers = {arm: Stepper(run, self._dataset, self._device) for arm, run in runs.items()}
        device = next(iter(steppers.values())).numerics.device
        watch = begin_watch(device=device)
        samples = time_steps(steppers, repeats=config.repeats, steps=config.steps, warmup_steps=config.warmup_steps)
        surroundings = since(watch) | {"reference_spread": tables.reference_spreads(samples)}
        batch_sizes = {arm: run.train.batch_size for arm, run in runs.items()}
        times = tables.time_rows(samples, batch_sizes, self._baseline, hindered=hindered(surroundings))
        self._add("time", times)
        self._add("samples", [asdict(sample) for sample in samples])
        ceilings = _ceilings(steppers.values())
        for arm, stepper in steppers.items():
            threads, images = stepper.run.train.threads, stepper.run.train.batch_size
            of_encoders, of_the_rest = (ceilings[name, threads] for name in (stepper.numerics.precision, FLOAT32))
            flops = count_flops(stepper)
            self._add("work", work_rows(arm, flops, times, samples, of_encoders, of_the_rest, images))
        return {
            "dataset": self._cell[0],
            "encoder": self._cell[1],
            "device": str(device),
            "arms": {
                arm: {
                    "precision": stepper.numerics.precision,
                    "threads": stepper.run.train.threads,
                    "compiled": stepper.compilation,
                }
                for arm, stepper in steppers.items()
            },
            "clock_overhead": tables.clock_overhead(samples),
            "ceilings": [{**asdict(ceiling), "threads": threads} for (_, threads), ceiling in ceilings.items()],
            "surroundings": surroundings,
            "memory": self._about_memory,
        }

    def sweeps(self) -> None:
        """Run the longer measurements, which are made only if a suite asks for them."""
        config, runs, dataset, device = self._config, self._runs, self._dataset, self._device
        if config.growth is not None:
            self._add("growth", growth_rows(runs, dataset, device, config.growth, self._baseline, self._tell))
        if config.claim_queue_sizes:
            self._add("queues", queue_rows(runs, dataset, device, config.claim_queue_sizes, self._tell))
        if config.memory_limit_mib is not None:
            self._add("capacity", capacity_rows(runs, dataset, device, config.memory_limit_mib, self._tell))
        if config.leak_steps:
            rows = leak_rows(runs, dataset, device, config.leak_steps, self._tell)
            self._add("leak", rows)
            self._add("leak_verdicts", leak_verdicts(rows))

    def _tell(self, line: str) -> None:
        self._told(f"{' / '.join(self._cell)}: {line}")

    def _add(self, table: str, rows: list[TableRow]) -> None:
        dataset, encoder = self._cell
        named = [{**row, "dataset": dataset, "encoder": encoder} for row in rows]
        self.tables.setdefault(table, []).extend(named)


def _ceilings(steppers: Iterable[Stepper]) -> dict[tuple[str, int], Ceiling]:
    """Measured peaks for every precision and number of threads of an arm, and for float32, which the loss uses."""
    found: dict[tuple[str, int], Ceiling] = {}
    for stepper in steppers:
        stepper.use_threads()
        for precision in (stepper.numerics.precision, FLOAT32):
            key = precision, stepper.run.train.threads
            if key not in found:
                found[key] = measure_ceiling(stepper.numerics.device, precision, DTYPES[precision])
    return found


def _first_of_each_evaluation(runs: Mapping[str, Run]) -> dict[str, str]:
    """One arm for each evaluation whose memory can differ; the others would repeat a measurement."""
    first: dict[str, str] = {}
    for arm, run in runs.items():
        first.setdefault(_seen_by_evaluation(run), arm)
    return first


def _seen_by_evaluation(run: Run) -> str:
    """All that determines the memory of an evaluation's process, including what training left in it.

    Settings that change values but no sizes are left out.
    """
    train = run.train.model_dump(exclude={"learning_rate", "weight_decay", "epochs", "schedule", "warmup_epochs"})
    contrast = run.contrast.model_dump(exclude={"temperature", "momentum", "key_weight", "filter_warmup_steps"})
    return repr((run.encoder, train, contrast, run.evaluate))
