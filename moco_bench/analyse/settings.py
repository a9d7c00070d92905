"""Settings with which the runs were trained, as their records say: what happened, not what a suite asks for.

Settings are flat, `train.learning_rate` -> 0.06, so that one rule finds what all runs share, what an arm changes and
where two runs of one arm disagree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import yaml

from moco_bench.analyse.table import equal_epochs
from moco_bench.suite.factorial import by_key
from moco_bench.suite.runs import expand
from moco_bench.suite.suite import Suite

SECTIONS = ("dataset", "encoder", "contrast", "train")
NOT_SETTINGS = ("train.checkpoint_seconds", "train.device", "dataset.download", "dataset.path", "dataset.root")
"""Settings of where or how conveniently a run happens, which don't affect its numbers."""
NOT_RECORDED = "not recorded"
Records = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Trained:
    """One run at equal epochs: its place and its settings; `recorded` is False where only the suite tells them."""

    title: str
    arm: str
    cell: tuple[str, str]
    values: Mapping[str, Any]
    recorded: bool

    @property
    def elsewhere(self) -> bool:
        """Whether its encoder comes from a file, so that training settings mean nothing."""
        return self.values.get("encoder.checkpoint.file") is not None


def trained_runs(done: pd.DataFrame, records: Records, suite: Suite | None) -> list[Trained]:
    """Settings of finished runs at equal epochs, from their run.json; of planned runs where there are no records.

    `done` are the finished runs' rows of `runs.csv`, `records` the content of each run.json by the run's directory.
    """
    found = []
    known: dict[int, dict[str, Any]] = {}  # the runs of an arm share the object that holds their settings
    for run in equal_epochs(done)[["directory", "dataset", "encoder", "arm", "seed"]].to_dict("records"):
        config = records.get(run["directory"], {}).get("config")
        if id(config) not in known:
            sections = {name: config[name] for name in SECTIONS if name in config} if isinstance(config, dict) else {}
            known[id(config)] = flat(sections)
        values = known[id(config)]
        if values:
            cell = run["dataset"], run["encoder"]
            found.append(Trained(_title(*cell, run["arm"], run["seed"]), run["arm"], cell, values, recorded=True))
    return found or list(_planned(suite).values())


def disagreements(runs: Iterable[Trained], suite: Suite | None) -> list[str]:
    """Settings in which a run's record differs from what suite.yaml asks of that run, one sentence per setting."""
    planned = _planned(suite)
    others: dict[tuple[str, str, str], list[str]] = {}
    known: dict[tuple[int, int], list[tuple[str, str, str]]] = {}  # by the objects that the runs of an arm share
    for run in runs:
        if run.recorded and run.title in planned:
            asked, found = planned[run.title].values, run.values
            if (pair := (id(asked), id(found))) not in known:
                differing = (key for key in sorted(set(asked) & set(found)) if asked[key] != found[key])
                known[pair] = [(key, text(asked[key]), text(found[key])) for key in differing]
            for difference in known[pair]:
                others.setdefault(difference, []).append(run.title)
    return [
        f"suite.yaml and run.json disagree: {key} is {asked} in the suite and {found} in {named(titles)}."
        for (key, asked, found), titles in others.items()
    ]


def shared(runs: Iterable[Trained], key: str) -> str:
    """A setting in words: one value, or each value with the runs that have it."""
    groups: dict[str, tuple[str, list[str]]] = {}
    for run in runs:
        value = run.values.get(key, NOT_RECORDED)
        if repr(value) not in groups:
            groups[repr(value)] = (value if value is NOT_RECORDED else text(value), [])
        groups[repr(value)][1].append(run.title)
    if len(groups) == 1:
        return next(iter(groups.values()))[0]
    return "; ".join(f"{value} in {named(titles)}" for value, titles in groups.values()) or NOT_RECORDED


def changes(runs: list[Trained], arm: str, baseline: str) -> dict[str, list[str]]:
    """Settings in which an arm's runs differ from the baseline's of the same data set and encoder, with values."""
    found: dict[str, list[str]] = {}
    bases = {run.cell: run.values for run in reversed(runs) if run.arm == baseline}  # the first run's
    different = {(run.cell, id(run.values)): run for run in runs if run.arm == arm}  # seeds share their settings
    for run in different.values():
        base = bases.get(run.cell, {})
        for key, value in run.values.items():
            if base and value != base.get(key) and value is not None and not key.startswith("dataset."):
                found[key] = list(dict.fromkeys([*found.get(key, []), text(value)]))
    return found


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings as a flat mapping of `section.key`, without `NOT_SETTINGS`; lists stay whole."""
    return {key: value for key, value in by_key(values).items() if key not in NOT_SETTINGS}


def text(value: Any) -> str:
    """A setting as a suite file spells it."""
    if isinstance(value, float):
        return f"{value:g}"
    plain = list(value) if isinstance(value, tuple) else value
    if isinstance(plain, list):
        plain = [float(f"{part:.4g}") if isinstance(part, float) else part for part in plain]
    spelt: str = yaml.safe_dump(plain, default_flow_style=True)
    return spelt.splitlines()[0]


def named(titles: list[str], most: int = 4) -> str:
    """The names of the first `most` runs, and how many more there are."""
    more = f" and {len(titles) - most} more" if len(titles) > most else ""
    return ", ".join(titles[:most]) + more


def _title(dataset: str, encoder: str, arm: str, seed: int) -> str:
    return f"{dataset}/{encoder}/{arm}/seed{seed}"


def _planned(suite: Suite | None) -> dict[str, Trained]:
    """What the suite asks of its runs at equal epochs, by the run's title."""
    found: dict[str, Trained] = {}
    of_arm: dict[tuple[str, str, str], dict[str, Any]] = {}  # seeds are asked for the same
    for run in expand(suite) if suite is not None else ():
        if run.budget == "epochs" and run.replicate == 1:
            place = run.dataset.title, run.encoder.title, run.arm
            if place not in of_arm:
                of_arm[place] = flat({name: getattr(run, name).model_dump(mode="json") for name in SECTIONS})
            title = _title(*place, run.seed)
            found[title] = Trained(title, run.arm, place[:2], of_arm[place], recorded=False)
    return found
