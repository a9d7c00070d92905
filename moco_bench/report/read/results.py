"""Reads everything that a report shows from `results/SUITE/`, once; missing or damaged parts are left out and named."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from moco_bench.analyse.analysis_plan import AnalysisPlan, plan_for
from moco_bench.analyse.claims import claims_of
from moco_bench.analyse.counted_memory import FILE, read_memory
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.floors import Accuracies
from moco_bench.analyse.freshness import Written, written_files
from moco_bench.analyse.pairing import paired_values, random_number_table, runs_by_seed
from moco_bench.analyse.table import cells, equal_epochs, finished, read_runs, with_shared_runs
from moco_bench.errors import InputError
from moco_bench.files import read_json
from moco_bench.report.read.histories import read_histories
from moco_bench.suite.metrics import METRICS, MetricColumn
from moco_bench.suite.on_disk.made import edited_files

UNRANKED = 6
"""Up to this many arms, tables and figures keep the suite's order."""


@dataclass(frozen=True)
class Results:
    """One suite's results in memory. Files of runs are mapped by `directory`, the run's place in the results."""

    directory: Path
    name: str
    plan: AnalysisPlan
    runs: pd.DataFrame
    effects: pd.DataFrame
    claims: pd.DataFrame
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    histories: pd.DataFrame = field(default_factory=pd.DataFrame)
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    written: Written = field(default_factory=Written)

    @property
    def primary(self) -> MetricColumn:
        """The metric of the first screen, declared before the runs."""
        return METRICS[self.plan.config.primary]

    @property
    def accuracy(self) -> MetricColumn:
        """The accuracy to which costs are compared: the primary metric if it is an accuracy, else kNN's."""
        return self.primary if self.primary.kind == "accuracy" else METRICS["knn_top1"]

    @cached_property
    def finished(self) -> pd.DataFrame:
        """Finished runs, each seed's first replicate."""
        return finished(self.runs)

    @cached_property
    def compared(self) -> pd.DataFrame:
        """Runs as they are compared: at budgets other than epochs, the baseline's runs are added to the arms' own."""
        return with_shared_runs(self.runs)

    @cached_property
    def seed_values(self) -> pd.DataFrame:
        """Each contrast's value per seed on the primary metric: dataset, encoder, budget, effect, seed, value."""
        rows = []
        for key, of_cell in cells(self.compared):
            runs = runs_by_seed(of_cell, self.plan.shared)
            for contrast in self.plan.contrasts_of(of_cell["arm"]):
                pairs = paired_values(runs, contrast, self.primary)
                rows += [(*key, contrast.name, s, v) for s, v in zip(pairs.seeds, pairs.values, strict=True)]
        return pd.DataFrame(rows, columns=["dataset", "encoder", "budget", "effect", "seed", "value"])

    @cached_property
    def random_numbers(self) -> pd.DataFrame:
        """The hashes that prove that seeds are paired, one row per seed."""
        return random_number_table(self.compared, self.plan.shared)

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """The arms in the suite's order."""
        return tuple(dict.fromkeys(self.runs["arm"]))

    @cached_property
    def ranked_arms(self) -> tuple[str, ...]:
        """The arms in the suite's order; many arms are sorted by their primary metric, best first."""
        if len(self.arms) <= UNRANKED:
            return self.arms
        means = equal_epochs(self.finished).groupby("arm")[self.primary.name].mean().reindex(self.arms)
        return tuple(means.sort_values(ascending=self.primary.better == "lower", kind="stable").index)

    def data_of(self, dataset: str) -> dict[str, Any]:
        """The record of a data set: its manifest, or else that of one of its runs."""
        found = self.manifests.get(dataset) or next(
            (record.get("data") for record in self.records.values() if record.get("dataset") == dataset), None
        )
        return found if isinstance(found, dict) else {}

    def chance(self, dataset: str) -> float | None:
        """Probability that two random training images have the same class; None if the classes aren't known."""
        data = self.data_of(dataset)
        try:
            sizes = [float(size) for size in data["images_by_class"]["train"]]
            return sum(size**2 for size in sizes) / sum(sizes) ** 2
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            classes = data.get("classes")
            return 1 / len(classes) if isinstance(classes, list) and classes else None

    @cached_property
    def factorial_arms(self) -> tuple[str, str, str, str] | None:
        """The 2x2's arms: neither ingredient, dual-view loss, filter, both; None without a 2x2."""
        if self.plan.factorial is None or not (self.effects["kind"] == "factorial").any():
            return None
        return self.plan.factorial.arms

    def baselines(self, dataset: str, encoder: str) -> dict[str, list[Accuracies]]:
        """Accuracies without training by the same evaluation, in percent: name -> each measurement."""
        floors = self.plan.evidence.floors.get(dataset)
        if floors is None:
            return {}
        found = {
            "raw pixels": [floors.pixels],
            "untrained encoder": list(floors.random_encoder.get(encoder, {}).values()),
        }
        if floors.largest_class is not None:  # accuracy of always predicting it, by any measure
            found["largest class"] = [dict.fromkeys(("knn_top1", "linear_top1"), floors.largest_class)]
        return {name: [one for one in measured if one] for name, measured in found.items() if any(measured)}

    @cached_property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """The pairs (data set, encoder), in the suite's order."""
        return tuple(dict.fromkeys(zip(self.runs["dataset"], self.runs["encoder"], strict=True)))


def load_results(directory: Path) -> Results:
    """Read a results directory. Effects and claims are computed anew, so they are never older than the runs.

    Raises:
        InputError: `runs.csv` or `suite.yaml` can't be used. Damage in a single run's files is only recorded.
    """
    plan, runs = plan_for(directory), read_runs(directory / "runs.csv")
    if runs.empty:
        raise InputError(f"{directory / 'runs.csv'}: no runs in it; collect the suite's runs first")
    damaged: list[str] = []
    try:
        memory = read_memory(directory)
    except InputError:
        memory = None
        damaged.append(FILE)
    root = directory.resolve()  # a table from elsewhere must not make the report read outside the results
    there = [place for place in runs["directory"] if place and (directory / place).resolve().is_relative_to(root)]
    # What lies in a missing run's folder is of other settings, or damaged: named, and shown nowhere.
    ended = set(runs.loc[runs["status"] != "missing", "directory"]).intersection(there)
    # First: what parsing them takes in between is given back before there is much else.
    histories, damaged_histories = read_histories(directory, runs[runs["directory"].isin(ended)])
    records, metrics = (_json_files(directory, there, name, damaged) for name in ("run.json", "metrics.json"))
    files = {"run.json": records, "metrics.json": metrics}
    plan = replace(plan, evidence=replace(plan.evidence, metrics=_inside(directory, metrics)))
    effects = effects_of(runs, plan)
    claims = claims_of(effects, plan, memory)
    by_run = {place: {name: found[place] for name, found in files.items() if place in found} for place in there}
    named = " ".join(str(next(iter(runs["suite"]), "")).split())[:100]
    floors = sorted((directory / "floors").glob("*.json"))
    damaged += damaged_histories + [f"floors/{path.name}" for path in floors if path.stem not in plan.evidence.floors]
    manifests = _manifests(directory / "data", damaged)
    return Results(
        directory=directory,
        name=plan.suite.name if plan.suite else named or directory.resolve().name,
        plan=plan,
        runs=runs,
        effects=effects,
        claims=claims,
        records={place: record for place, record in records.items() if place in ended},
        metrics={place: found for place, found in metrics.items() if place in ended},
        histories=histories,
        manifests=manifests,
        damaged=tuple(damaged),
        edited=tuple(edited_files(directory, by_run)),
        written=written_files(directory, effects, claims, plan),
    )


def _json_files(directory: Path, places: list[str], name: str, damaged: list[str]) -> dict[str, dict[str, Any]]:
    same: dict[str, Any] = {}  # most runs share machine, versions and settings: one object serves all, or memory fills
    read = ((place, _json(directory / place / name, f"{place}/{name}", damaged)) for place in places)
    return {
        place: {
            sys.intern(key): same.setdefault(repr(part), part) if key in _SHARED else part
            for key, part in value.items()
        }
        for place, value in read
        if value
    }


_SHARED = ("config", "data", "machine", "versions")


def _inside(directory: Path, metrics: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Without files that are links: the analysis follows none that leads out of the results, and judges them itself."""
    return {place: found for place, found in metrics.items() if not (directory / place / "metrics.json").is_symlink()}


def _manifests(folder: Path, damaged: list[str]) -> dict[str, dict[str, Any]]:
    found = {path.stem: _json(path, f"{folder.name}/{path.name}", damaged) for path in sorted(folder.glob("*.json"))}
    return {name: value for name, value in found.items() if value}


def _json(path: Path, shown: str, damaged: list[str]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        value = read_json(path)
    except InputError:
        value = None
    if not isinstance(value, dict):
        damaged.append(shown)
        return {}
    return value


def of_cell(table: pd.DataFrame, dataset: str, encoder: str) -> pd.DataFrame:
    """The rows about one data set and encoder."""
    return table[(table["dataset"] == dataset) & (table["encoder"] == encoder)] if len(table) else table


def said_by_cell(cells: Iterable[tuple[str, str]], table: pd.DataFrame, said: Callable[[pd.DataFrame], str]) -> str:
    """What is said of the rows of each data set and encoder, in one clause; they are named where there are several."""
    found = {cell: said(of_cell(table, *cell)) for cell in cells}
    if len(found) == 1:
        return next(iter(found.values()))
    return "; ".join(f"{dataset} with {encoder}: {text}" for (dataset, encoder), text in found.items() if text)


def by_arm(table: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    """The rows of each arm, empty for an unknown arm; faster than selecting rows arm by arm."""
    return defaultdict(lambda: table[:0], ((str(arm), own) for arm, own in table.groupby("arm", sort=False)))
