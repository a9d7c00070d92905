"""Whether `effects.csv` and `claims.csv` agree with the report's page, which computes both anew from `runs.csv`."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.table import table_of_text
from moco_bench.errors import InputError
from moco_bench.files import mapping_if_any
from moco_bench.suite.equal_compute import costs_fingerprint
from moco_bench.suite.profiled import profile_fingerprint
from moco_bench.suite.steps import floors_fingerprint
from moco_bench.suite.suite import Suite
from moco_bench.suite.tune import tune_fingerprint

EFFECTS, CLAIMS, RUNS = "effects.csv", "claims.csv", "runs.csv"
_EFFECT_KEY = ["dataset", "encoder", "metric", "budget", "effect"]
_CLAIM_KEY = ["claim", "dataset", "encoder", "budget"]
_CLAIM_VALUES = ["verdict", "estimate", "ci_low", "ci_high"]
_NOT_COMPARED = ("left_out",)  # prose
_RELATIVE = 1e-6  # files hold ten digits, and another machine may round the last of them elsewhere


@dataclass(frozen=True)
class Written:
    """The files that numbers of effects and of claims are linked to, and a warning where those files disagree."""

    effects: str = RUNS
    claims: str = RUNS
    warning: str = ""


def of_other_settings(directory: Path, suite: Suite | None) -> str:
    """A warning about measurements beside the runs that were made for another suite than `suite.yaml` says; else empty.

    Verdicts use baselines and counted bytes, and a report shows the others: what is stale has to be named.
    """
    if suite is None:
        return ""
    asked = {f"floors/{dataset.title}.json": floors_fingerprint(suite, dataset) for dataset in suite.datasets}
    with suppress(InputError):  # a suite's copy may hold what this version refuses
        asked["profile/profile.json"] = profile_fingerprint(suite)
        if suite.budgets != ("epochs",):
            asked["costs.json"] = costs_fingerprint(suite)
        if suite.tune:
            asked["tuned.json"] = tune_fingerprint(suite)
    found = {name: mapping_if_any(directory / name).get("fingerprint") for name in asked}
    other = [name for name, fingerprint in found.items() if fingerprint not in (None, asked[name])]
    if not other:
        return ""
    verb = "was" if len(other) == 1 else "were"
    return f"{' and '.join(other)} {verb} made for other settings than suite.yaml\u2019s; `moco-bench plan` says why."


def written_files(directory: Path, effects: pd.DataFrame, claims: pd.DataFrame, plan: AnalysisPlan) -> Written:
    """Compare the files below `directory` with what was computed for the page.

    A number leads to its row of `effects.csv` or `claims.csv` where that says the same, else to `runs.csv`.
    """
    found = {name: table_of_text(directory / name) for name in (EFFECTS, CLAIMS)}
    compared = [column for column in effects.columns if column not in (*_EFFECT_KEY, *_NOT_COMPARED)]
    problems = {EFFECTS: _problem(EFFECTS, found[EFFECTS], effects, _EFFECT_KEY, compared)}
    if not claims.empty:
        problems[CLAIMS] = _problem(CLAIMS, found[CLAIMS], claims, _CLAIM_KEY, _CLAIM_VALUES)
    wrong = [problem for problem in problems.values() if problem]
    absent, other = all(table is None for table in found.values()), _other_analysis(found[CLAIMS], plan)
    if other and wrong:
        wrong = [f"{EFFECTS} and {CLAIMS} were written under analysis {other}, not under this page's"]
    elif absent and len(wrong) == 2:
        wrong = [f"{EFFECTS} and {CLAIMS} aren't there"]
    command = f"run `moco-bench analyse results/{directory.resolve().name}`{'' if absent else ' again'}"
    effects_from, claims_from = (RUNS if problems.get(name, name) else name for name in (EFFECTS, CLAIMS))
    stale = of_other_settings(directory, plan.suite)
    said = f"{'; '.join(wrong)}: {command}. This page is computed anew." if wrong else ""
    return Written(effects_from, claims_from, " ".join(text for text in (said, stale) if text))


def _problem(name: str, found: pd.DataFrame | None, ours: pd.DataFrame, key: list[str], values: list[str]) -> str:
    """What is wrong with a file, in a clause; empty where it agrees with the page."""
    if found is None:
        return f"{name} isn't there"
    if any(column not in found for column in (*key, *values)):
        return f"{name} was written by another version"
    differing = len(ours)
    if not found.duplicated(key).any():
        text = ours[[*key, *values]].astype(object).where(ours[[*key, *values]].notna(), "").astype(str)
        both = text.merge(found[[*key, *values]], on=key, how="outer", suffixes=("", "_found"), indicator=True)
        differ = both["_merge"] != "both"
        for column in values:
            differ |= ~_equal(both[column], both[f"{column}_found"])
        differing = int(differ.sum())
    return f"{name} says something else than this page ({differing} of {len(ours)} rows)" if differing else ""


def _equal(ours: pd.Series, theirs: pd.Series) -> pd.Series:
    numbers, others = (pd.to_numeric(column, errors="coerce").to_numpy(dtype=float) for column in (ours, theirs))
    return (ours == theirs) | pd.Series(np.isclose(numbers, others, rtol=_RELATIVE, atol=1e-9), index=ours.index)


def _other_analysis(claims: pd.DataFrame | None, plan: AnalysisPlan) -> str:
    """The first digits of the analysis fingerprint in the claims file, if it isn't the page's; else empty."""
    if claims is None or "analysis_fingerprint" not in claims or plan.suite is None:
        return ""
    others = [name for name in claims["analysis_fingerprint"].unique() if name and name != plan.fingerprint]
    return str(others[0])[:12] if others else ""
