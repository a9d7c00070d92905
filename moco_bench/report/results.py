"""Everything a report shows, read once from `results/SUITE/`; what is absent or damaged is left out and named."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from moco_bench.analyse.claims import claims_of
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.plan import AnalysisPlan, plan_for
from moco_bench.analyse.table import finished, read_runs, with_shared_runs
from moco_bench.errors import InputError
from moco_bench.files import read_json

RUN = ("dataset", "encoder", "arm", "seed", "replicate", "budget")


@dataclass(frozen=True)
class Results:
    """One suite's results in memory. Mappings of a run's files are keyed by `directory`, its place in the results."""

    directory: Path
    name: str
    plan: AnalysisPlan
    runs: pd.DataFrame
    effects: pd.DataFrame
    claims: pd.DataFrame
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    histories: pd.DataFrame = field(default_factory=pd.DataFrame)
    floors: dict[str, dict[str, Any]] = field(default_factory=dict)
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)
    suite_text: str = ""
    damaged: tuple[str, ...] = ()

    @property
    def finished(self) -> pd.DataFrame:
        """Finished runs, each seed's first time."""
        return finished(self.runs)

    @property
    def compared(self) -> pd.DataFrame:
        """Runs as they are compared: at budgets other than epochs, the baseline's runs stand beside the arms' own."""
        return with_shared_runs(self.runs)

    @property
    def arms(self) -> tuple[str, ...]:
        """In the suite's order."""
        return tuple(dict.fromkeys(self.runs["arm"]))

    @property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """(data set, encoder), in the suite's order."""
        return tuple(dict.fromkeys(zip(self.runs["dataset"], self.runs["encoder"], strict=True)))


def load_results(directory: Path) -> Results:
    """Read a results directory. Effects and claims are computed anew, so they can't be older than the runs.

    Raises:
        InputError: `runs.csv` or `suite.yaml` can't be used. Damage in a single run's files is only recorded.
    """
    plan, runs = plan_for(directory), read_runs(directory / "runs.csv")
    if runs.empty:
        raise InputError(f"{directory / 'runs.csv'}: no runs in it; collect the suite's runs first")
    damaged: list[str] = []
    there = [path for path in runs["directory"] if path and _inside(directory, path)]
    effects = effects_of(runs, plan)
    suite_path = directory / "suite.yaml"
    return Results(
        directory=directory,
        name=plan.suite.name if plan.suite else _one_line(next(iter(runs["suite"]), "")) or directory.resolve().name,
        plan=plan,
        runs=runs,
        effects=effects,
        claims=claims_of(effects, plan),
        records=_json_files(directory, there, "run.json", damaged),
        metrics=_json_files(directory, there, "metrics.json", damaged),
        histories=_histories(directory, runs, damaged),
        floors=_named_files(directory / "floors", damaged),
        manifests=_named_files(directory / "data", damaged),
        suite_text=suite_path.read_text(encoding="utf-8") if suite_path.exists() else "",
        damaged=tuple(damaged),
    )


def _one_line(text: str) -> str:
    return " ".join(str(text).split())[:100]


def _inside(directory: Path, place: str) -> bool:
    """A table from elsewhere must not make the report read outside the results."""
    return (directory / place).resolve().is_relative_to(directory.resolve())


def _json_files(directory: Path, places: list[str], name: str, damaged: list[str]) -> dict[str, dict[str, Any]]:
    found = {place: _json(directory / place / name, f"{place}/{name}", damaged) for place in places}
    return {place: value for place, value in found.items() if value}


def _named_files(folder: Path, damaged: list[str]) -> dict[str, dict[str, Any]]:
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


def _histories(directory: Path, runs: pd.DataFrame, damaged: list[str]) -> pd.DataFrame:
    """All runs' histories in one table, with the run's identity in front."""
    tables = []
    for run in runs.to_dict("records"):
        path = directory / str(run["directory"]) / "history.csv"
        if not run["directory"] or not _inside(directory, str(run["directory"])) or not path.exists():
            continue
        try:
            history = pd.read_csv(path, on_bad_lines="skip").apply(pd.to_numeric, errors="coerce")
            history = history[history["epoch"].notna()]
        except (OSError, ValueError, KeyError, UnicodeDecodeError):
            damaged.append(f"{run['directory']}/history.csv")
            continue
        tables.append(history.assign(**{name: run[name] for name in RUN}))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*RUN, "epoch"])
