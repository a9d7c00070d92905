"""Sentences on false negatives among the kept negatives, and on the softmax mass that filters keep."""

import pandas as pd

from moco_bench.analyse.text import number
from moco_bench.report.model.words import listed_in_part, sentence
from moco_bench.report.read.histories import kept_masses, last_epochs
from moco_bench.report.read.results import Results, of_cell
from moco_bench.suite.on_disk.kept_mass import HARDLY_FILTERS

RATE = "false_negative_rate_kept"
NOTICED = 0.005
"""Smaller changes of the rate count as none."""


def mechanism_notes(results: Results) -> list[str]:
    """False-negative rates and kept softmax mass by data set and encoder; images without labels have no rates."""
    last = last_epochs(results.histories)
    found = []
    for cell in results.cells:
        own = of_cell(last, *cell)
        said = [text for text in (_describe_rates(own, results.plan.baseline), _describe_kept_mass(own)) if text]
        if said:
            first, *others = said
            place = f"on {cell[0]} with {cell[1]}, " if len(results.cells) > 1 else ""
            found.append(" ".join((sentence(f"{place}{first}"), *map(sentence, others))))
    return [*found, *warmup_said(results.histories)]


def mixed_epochs(histories: pd.DataFrame) -> pd.DataFrame:
    """Rows of epochs in which a filter's warm-up ended: their statistics average steps with and without the filter."""
    if "warmup_share" not in histories:
        return histories[:0]
    share = pd.to_numeric(histories["warmup_share"], errors="coerce")
    return histories[(share > 0) & (share < 1)]


def warmup_said(histories: pd.DataFrame) -> list[str]:
    """Epochs and arms in which warm-up and filter are mixed; empty if there are none."""
    mixed = mixed_epochs(histories)
    by_epoch = mixed.groupby("epoch")["arm"].unique()
    labelled = RATE in mixed and mixed[RATE].notna().any()
    means = "false-negative rates and kept mass are means" if labelled else "kept mass is a mean"
    return [
        f"In epoch {epoch:.0f} of {listed_in_part(map(str, arms))} the filter\u2019s warm-up ended: its {means} "
        "over steps with and without the filter."
        for epoch, arms in by_epoch.items()
    ]


def _describe_kept_mass(last: pd.DataFrame) -> str:
    """The fraction of the negatives' softmax mass that each filter keeps; empty where none was recorded."""
    masses = kept_masses(last)
    if not masses:
        return ""
    kept = listed_in_part(f"{100 * value:.0f} % in {arm}" for arm, value in masses.items())
    hardly = [arm for arm, value in masses.items() if value > HARDLY_FILTERS]
    warning = f" So {listed_in_part(hardly)} hardly filter{'s' * (len(hardly) == 1)}." if hardly else ""
    return f"of the softmax mass of all negatives, the kept ones hold {kept}.{warning}"


def _describe_rates(last: pd.DataFrame, baseline: str) -> str:
    """Which arms have another false-negative rate than the baseline; empty where fewer than two have one."""
    rates = last.groupby("arm", sort=False)[RATE].mean().dropna() if RATE in last else pd.Series(dtype=float)
    if baseline not in rates or len(rates) < 2:
        return ""
    base, others = float(rates[baseline]), rates.drop(baseline)
    said = [
        f"{arm} {'raises' if value > base else 'lowers'} it to {number(value, 2)}"
        for arm, value in others.items()
        if abs(value - base) >= NOTICED
    ]
    alike = [str(arm) for arm, value in others.items() if abs(value - base) < NOTICED]
    if alike:
        said.append(f"{listed_in_part(alike)} {'does' if len(alike) == 1 else 'do'} not change it")
    return (
        f"at the last epoch a fraction of {number(base, 2)} of {baseline}\u2019s negatives has the anchor\u2019s own "
        f"class; {'; '.join(said)}."
    )
