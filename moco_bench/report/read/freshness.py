"""Whether `effects.csv` and `claims.csv` say what the page says, which computes both anew from `runs.csv`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from moco_bench.analyse.analysis_plan import AnalysisPlan

EFFECTS, CLAIMS, RUNS = "effects.csv", "claims.csv", "runs.csv"
_EFFECT_KEY = ["dataset", "encoder", "metric", "budget", "effect"]
_CLAIM_KEY = ["claim", "dataset", "encoder", "budget"]
_CLAIM_VALUES = ["verdict", "estimate", "ci_low", "ci_high"]
_NOT_COMPARED = ("left_out",)  # prose
_RELATIVE = 1e-6  # files hold ten digits, and another machine may round the last of them elsewhere


@dataclass(frozen=True)
class Written:
    """The files that a number of an effect or a claim leads to, and what is wrong with those two, in one line."""

    effects: str = RUNS
    claims: str = RUNS
    warning: str = ""


def written_files(directory: Path, effects: pd.DataFrame, claims: pd.DataFrame, plan: AnalysisPlan) -> Written:
    """Compare the files below `directory` with what was computed for the page.

    A number leads to its row of `effects.csv` or `claims.csv` where that says the same, else to `runs.csv`.
    """
    found_effects, found_claims = _read(directory / EFFECTS), _read(directory / CLAIMS)
    problems = [_problem(EFFECTS, found_effects, effects, _EFFECT_KEY, None)]
    if not claims.empty:
        problems.append(_problem(CLAIMS, found_claims, claims, _CLAIM_KEY, _CLAIM_VALUES))
    other = _other_analysis(found_claims, plan)
    wrong = [problem for problem in problems if problem]
    if other and wrong:
        wrong = [f"{EFFECTS} and {CLAIMS} were written under analysis {other}, not under this page's"]
    elif len(wrong) == 2 and found_effects is None and found_claims is None:
        wrong = [f"{EFFECTS} and {CLAIMS} aren't there"]
    again = "" if found_effects is None and found_claims is None else " again"
    command = f"run `moco-bench analyse {_shown(directory)}`{again}"
    return Written(
        effects=RUNS if problems[0] else EFFECTS,
        claims=RUNS if len(problems) < 2 or problems[1] else CLAIMS,
        warning=f"{'; '.join(wrong)}: {command}. This page is computed anew." if wrong else "",
    )


def _shown(directory: Path) -> str:
    return f"results/{directory.resolve().name}"


def _read(path: Path) -> pd.DataFrame | None:
    """The table as text; None where it isn't there or can't be read, which comes to the same."""
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError, UnicodeDecodeError):  # pandas' parser errors are ValueErrors
        return None


def _problem(
    name: str, found: pd.DataFrame | None, computed: pd.DataFrame, key: list[str], values: list[str] | None
) -> str:
    if found is None:
        return f"{name} isn't there"
    columns = [column for column in values or computed.columns if column not in (*key, *_NOT_COMPARED)]
    if any(column not in found for column in (*key, *columns)):
        return f"{name} was written by another version"
    differing = _rows_that_differ(found, computed, key, columns)
    return f"{name} says something else than this page ({differing} of {len(computed)} rows)" if differing else ""


def _rows_that_differ(found: pd.DataFrame, computed: pd.DataFrame, key: list[str], columns: list[str]) -> int:
    """Rows of either table that the other lacks or has with other values."""
    ours = computed[[*key, *columns]].astype(object).where(computed[[*key, *columns]].notna(), "").astype(str)
    if found.duplicated(key).any():
        return len(computed)
    both = ours.merge(found[[*key, *columns]], on=key, how="outer", suffixes=("", "_found"), indicator=True)
    differ = both["_merge"] != "both"
    for column in columns:
        differ |= ~_equal(both[column], both[f"{column}_found"])
    return int(differ.sum())


def _equal(ours: pd.Series, theirs: pd.Series) -> pd.Series:
    numbers, others = (pd.to_numeric(column, errors="coerce").to_numpy(dtype=float) for column in (ours, theirs))
    close = np.isclose(numbers, others, rtol=_RELATIVE, atol=1e-9)
    return (ours == theirs) | pd.Series(close, index=ours.index)


def _other_analysis(claims: pd.DataFrame | None, plan: AnalysisPlan) -> str:
    """The start of the fingerprint that the file on claims names, where it isn't the page's."""
    if claims is None or "analysis_fingerprint" not in claims or plan.suite is None:
        return ""
    others = [name for name in claims["analysis_fingerprint"].unique() if name and name != plan.fingerprint]
    return str(others[0])[:12] if others else ""
