"""Sentences on false negatives among the kept negatives, and on the softmax mass that filters keep."""

import pandas as pd

from moco_bench.analyse.text import number
from moco_bench.report.model.words import listed, sentence
from moco_bench.report.read.results import Results, last_epochs
from moco_bench.suite.on_disk.kept_mass import HARDLY_FILTERS

RATE = "false_negative_rate_kept"
NOTICED = 0.005
"""Smaller changes of the rate count as none."""


def mechanism_notes(results: Results) -> list[str]:
    """False-negative rates of the arms, one sentence per data set and encoder."""
    last = last_epochs(results.histories)
    if last.empty or RATE not in last or last[RATE].notna().sum() == 0:
        return []
    sentences = []
    for dataset, encoder in results.cells:
        own = last[(last["dataset"] == dataset) & (last["encoder"] == encoder)]
        rates = own.groupby("arm", sort=False)[RATE].mean().dropna()
        if results.plan.baseline not in rates or len(rates) < 2:
            continue
        place = f"on {dataset} with {encoder}, " if len(results.cells) > 1 else ""
        kept = _kept_mass_said(own)
        said = f"{_rates(rates, results.plan.baseline)}{f' {kept}' if kept else ''}"
        sentences.append(sentence(f"{place}{said}"))
    return [*sentences, *warmup_said(results.histories)]


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
    return [
        f"In epoch {epoch:.0f} of {listed(map(str, arms))} the filter\u2019s warm-up ended: its false-negative rates "
        "and kept mass are means over steps with and without the filter."
        for epoch, arms in by_epoch.items()
    ]


def _kept_mass_said(last: pd.DataFrame) -> str:
    """The fraction of the negatives' softmax mass that each filter keeps; empty where none was recorded."""
    masses = last.groupby("arm", sort=False)["kept_mass"].mean() if "kept_mass" in last else pd.Series(dtype=float)
    masses = masses[masses < 1]
    if masses.empty:
        return ""
    kept = listed(f"{100 * value:.0f} % in {arm}" for arm, value in masses.items())
    hardly = [str(arm) for arm, value in masses.items() if value > HARDLY_FILTERS]
    warning = f" So {listed(hardly)} hardly filter{'s' * (len(hardly) == 1)}." if hardly else ""
    return f"Of the softmax mass of all negatives, the kept ones hold {kept}.{warning}"


def _rates(rates: pd.Series, baseline: str) -> str:
    base, others = float(rates[baseline]), rates.drop(baseline)
    said = [
        f"{arm} {'raises' if value > base else 'lowers'} it to {number(value, 2)}"
        for arm, value in others.items()
        if abs(value - base) >= NOTICED
    ]
    alike = [str(arm) for arm, value in others.items() if abs(value - base) < NOTICED]
    if alike:
        said.append(f"{listed(alike)} {'does' if len(alike) == 1 else 'do'} not change it")
    return (
        f"at the last epoch a fraction of {number(base, 2)} of {baseline}\u2019s negatives has the anchor\u2019s own "
        f"class; {'; '.join(said)}."
    )
