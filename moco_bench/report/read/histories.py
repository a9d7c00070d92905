"""Reads the histories of all runs: one row per run and epoch."""

import csv
import io
from pathlib import Path

import pandas as pd

from moco_bench.analyse.table import equal_epochs, finished
from moco_bench.files import ordinary

RUN = ("dataset", "encoder", "arm", "seed", "replicate", "budget", "status")
_NUMBER = "number of the run"


def read_histories(directory: Path, runs: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """All runs' histories in one table of numbers, with the run's identity first, and the damaged files.

    NaN where a value is missing. They are parsed at once, as many as have the same columns: one by one takes ten times
    as long. A history with a duplicate epoch is left out, because nothing says which row was trained.
    """
    damaged: list[str] = []
    bodies: dict[str, list[str]] = {}
    for number, place in enumerate(runs["directory"]):
        path = directory / place / "history.csv"
        if not path.exists():
            continue
        try:
            header, *lines = ordinary(path).read_text(encoding="utf-8").splitlines() or [""]
        except (OSError, UnicodeDecodeError):
            header, lines = "not readable", []
        if header and "epoch" not in header.split(","):
            damaged.append(f"{place}/history.csv")
        elif lines:
            bodies.setdefault(header, []).extend(f"{number},{line}" for line in lines if line)
    # Not a StringIO, which takes four bytes for each character.
    texts = (io.BytesIO("\n".join([f"{_NUMBER},{header}", *lines]).encode()) for header, lines in bodies.items())
    known = (pd.read_csv(text, quoting=csv.QUOTE_NONE, on_bad_lines="skip") for text in texts)
    found: pd.DataFrame = pd.concat([pd.DataFrame(columns=[_NUMBER, "epoch"], dtype=float), *known], ignore_index=True)
    found = found.apply(pd.to_numeric, errors="coerce").dropna(subset="epoch").sort_values(_NUMBER, kind="stable")
    twice = found.loc[found.duplicated([_NUMBER, "epoch"]), _NUMBER].unique()
    damaged += [f"{runs['directory'].iloc[int(number)]}/history.csv" for number in twice]
    found = found[~found[_NUMBER].isin(twice)]
    identity = runs[list(RUN)].iloc[found[_NUMBER].astype(int)].reset_index(drop=True)
    joined: pd.DataFrame = pd.concat(
        [identity, found.drop(columns=_NUMBER).astype(float).reset_index(drop=True)], axis=1
    )
    return joined, damaged


def last_epochs(histories: pd.DataFrame) -> pd.DataFrame:
    """The last row of each finished run's history, first replicates at equal epochs only."""
    if histories.empty:
        return histories
    return equal_epochs(finished(histories)).groupby(["dataset", "encoder", "arm", "seed"], sort=False).tail(1)


def kept_masses(last: pd.DataFrame) -> dict[str, float]:
    """The fraction of the negatives' softmax mass that each filter keeps, by arm; arms that keep all are left out."""
    if "kept_mass" not in last:
        return {}
    means = last.groupby("arm", sort=False)["kept_mass"].mean()
    return {str(arm): float(mass) for arm, mass in means.items() if mass < 1}
