"""`runs.csv`, one row per run: its columns, and reading it with every surprise named."""

from pathlib import Path
from typing import Any, get_args

import pandas as pd

from moco_bench.errors import InputError, one_line
from moco_bench.files import ordinary
from moco_bench.suite.config import Budget
from moco_bench.suite.metrics import COLUMNS, METRICS

REQUIRED = ("arm", "dataset", "encoder", "seed", "status")
HASHES = ("init_hash", "order_hash", "augment_hash")
STATUSES = ("done", "failed", "missing")
BUDGETS: tuple[Budget, ...] = get_args(Budget)

_NUMBERS = (
    "epochs", "train_loss", "false_negative_rate_kept", "false_negative_rate_dropped", "foreign_load", "threads",
)  # fmt: skip


def columns() -> tuple[str, ...]:
    """All columns of a table of runs: `COLUMNS`, then the metrics that plug-ins registered."""
    return (*COLUMNS, *(name for name in METRICS if name not in COLUMNS))


def read_runs(path: Path) -> pd.DataFrame:
    """Read a table of runs; columns that may be absent are added empty, and types are made sure of.

    Raises:
        InputError: no such file, not a CSV table, a needed column is missing, a value is not what its column holds, or
            a run stands there twice.
    """
    try:
        raw = whole_table_of_text(path).astype(object)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; `moco-bench collect SUITE.yaml` writes it") from None
    return typed(raw, str(path))


def typed(raw: pd.DataFrame, source: str) -> pd.DataFrame:
    """A table of strings as a table of runs. Raises `InputError` as `read_runs` does."""
    missing = [name for name in REQUIRED if name not in raw.columns]
    if missing:
        raise InputError(
            f"{source}: column{'s' * (len(missing) > 1)} {', '.join(missing)} missing; "
            f"a table of runs has {', '.join(REQUIRED)} and metrics such as knn_top1"
        )
    runs = raw.fillna("")
    for name in (name for name in columns() if name not in runs.columns):
        runs[name] = pd.Series("", index=runs.index, dtype=object)
    runs["budget"] = runs["budget"].replace("", "epochs")
    runs["replicate"] = runs["replicate"].replace("", "1")
    for name in ("seed", "replicate"):
        numbers = _numbers(runs, name, source)
        if numbers.isna().any() or (numbers != numbers.round()).any():
            raise InputError(f"{source}: column {name} holds something other than whole numbers")
        runs[name] = numbers.astype(int)
    for name in (*_NUMBERS, *METRICS):
        runs[name] = _numbers(runs, name, source)
    for name in (metric.name for metric in METRICS.values() if metric.percent):
        if not runs[name].dropna().between(0, 100).all():
            raise InputError(f"{source}: column {name} holds values outside 0 to 100 percent")
    _one_of(runs, "status", STATUSES, source)
    _one_of(runs, "budget", BUDGETS, source)
    runs["exclusive"] = runs["exclusive"].str.strip().str.lower().isin(("true", "1", "yes"))
    key = ["dataset", "encoder", "arm", "budget", "seed", "replicate"]
    twice = runs[runs.duplicated(key)]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(
            f"{source}: the run {row.dataset}/{row.encoder}/{row.arm}/seed{row.seed} stands there twice "
            f"(replicate {row.replicate}, budget {row.budget})"
        )
    return runs


def _numbers(runs: pd.DataFrame, name: str, source: str) -> pd.Series:
    """The column as finite floats, NaN where it is empty."""
    text = runs[name].astype(str).str.strip()
    numbers = pd.to_numeric(text.where(text != ""), errors="coerce").astype(float)
    wrong = text[(text != "") & ~numbers.abs().lt(float("inf"))]
    wrong = wrong[~wrong.str.lower().isin(("nan", "none", "null", "na"))]
    if len(wrong):
        raise InputError(
            f"{source}: line {int(wrong.index[0]) + 2}: {name} is {wrong.iloc[0]!r}; a "
            "finite number would be right, or nothing"
        )
    return numbers.where(numbers.abs().lt(float("inf")))


def _one_of(runs: pd.DataFrame, name: str, allowed: tuple[str, ...], source: str) -> None:
    wrong = runs[~runs[name].isin(allowed)]
    if len(wrong):
        raise InputError(
            f"{source}: line {int(wrong.index[0]) + 2}: {name} is {wrong[name].iloc[0]!r}; it is one of "
            f"{', '.join(allowed)}"
        )


def finished(runs: pd.DataFrame) -> pd.DataFrame:
    """The rows that count as results: finished runs, each seed's first replicate."""
    return runs[(runs["status"] == "done") & (runs["replicate"] == 1)]


def equal_epochs(runs: pd.DataFrame) -> pd.DataFrame:
    """The rows at equal epochs, which figures show; runs of equal compute have their own tables."""
    return runs[runs["budget"] == "epochs"]


def with_shared_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs as they are compared: each arm at every budget of its data set and encoder.

    An arm without rows at a budget (the baseline, which sets it) takes part there with its runs at equal epochs.
    """
    order = {arm: index for index, arm in enumerate(dict.fromkeys(runs["arm"]))}
    parts = []
    for _, of_cell in runs.groupby(["dataset", "encoder"], sort=False):
        at_epochs = equal_epochs(of_cell)
        parts.append(at_epochs)
        for budget in (name for name in BUDGETS[1:] if name in set(of_cell["budget"])):
            own = of_cell[of_cell["budget"] == budget]
            shared = at_epochs[(at_epochs["replicate"] == 1) & ~at_epochs["arm"].isin(set(own["arm"]))]
            both = pd.concat([shared.assign(budget=budget), own])
            parts.append(both.sort_values("arm", key=lambda arms: arms.map(order), kind="stable"))
    return pd.concat(parts, ignore_index=True) if parts else runs


def cells(runs: pd.DataFrame) -> list[tuple[tuple[Any, ...], pd.DataFrame]]:
    """The rows of each (data set, encoder, budget), in order of first appearance."""
    return [(key, rows) for key, rows in runs.groupby(["dataset", "encoder", "budget"], sort=False)]


def table_of_text(path: Path) -> pd.DataFrame | None:
    """A CSV file as a table of text; None where it is missing or unreadable."""
    try:
        return whole_table_of_text(path)
    except (OSError, InputError):
        return None


def whole_table_of_text(path: Path) -> pd.DataFrame:
    """A CSV file as a table of text. Raises `FileNotFoundError`, or `InputError` where it can't be read."""
    try:
        return pd.read_csv(ordinary(path), dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # parser errors of pandas and UnicodeDecodeError are ValueErrors
        raise InputError(f"{path}: not readable as a CSV table ({one_line(error)[:200]})") from None
