"""The search of each arm's settings, as `tune.csv` tells it."""

from collections.abc import Iterator

import pandas as pd

from moco_bench.analyse.table import table_of_text
from moco_bench.report.read.results import Results, of_cell

FILE = "tune.csv"
FIXED_COLUMNS = ("dataset", "encoder", "arm", "candidate", "metric", "score", "chosen")


def candidates_of(results: Results) -> pd.DataFrame | None:
    """One row per arm and candidate; `chosen` is True or False. None if nothing was tuned or the file is unusable."""
    found = table_of_text(results.directory / FILE)
    if found is None or found.empty or not {*FIXED_COLUMNS} <= set(found.columns):
        return None
    return found.assign(chosen=found["chosen"].str.lower().isin(["true", "1", "yes"]))


def settings_of(candidates: pd.DataFrame) -> list[str]:
    """The settings that were searched, such as `train.learning_rate`."""
    return [str(name) for name in candidates.columns if name not in FIXED_COLUMNS]


def searched_apart(results: Results, dataset: str, encoder: str) -> bool:
    """Whether the arms' searches chose differently: main effects and interaction are then those of a setting, too."""
    found = candidates_of(results)
    return found is not None and any(unequal_choices(of_cell(found, dataset, encoder)))


def unequal_choices(candidates: pd.DataFrame) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Settings that the arms of a data set and encoder chose differently: the name, and the arms by their value."""
    chosen = candidates[candidates["chosen"]]
    for _, own in chosen.groupby(["dataset", "encoder"], sort=False):
        for name in settings_of(candidates):
            arms = {str(value): [*map(str, of)] for value, of in own.groupby(name, sort=False)["arm"]}
            if len(arms) > 1:
                yield name, arms
