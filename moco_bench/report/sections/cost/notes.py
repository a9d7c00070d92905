"""What the runs themselves say about cost."""

from collections.abc import Callable

import pandas as pd

from moco_bench.analyse.machines import on_main_machine
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.table import mean_cell
from moco_bench.report.model.words import count, sentence
from moco_bench.report.read.results import Results, equal_epochs, of_cell


def speed_notes(results: Results) -> list[str]:
    """Speed of each arm relative to the baseline from undisturbed runs, one sentence per data set and encoder."""
    done, baseline = equal_epochs(results.finished), results.plan.baseline
    if not done.empty and not done["exclusive"].any():
        alone = "No run had the machine to itself, so the runs\u2019 speeds are not reported."
        return [alone, *other_machines(done)]

    def said(own: pd.DataFrame, arm: str) -> str:
        means = own[own["exclusive"]].groupby("arm")["images_per_second"].mean()
        base = means.get(baseline, 0.0)
        known = arm != baseline and base > 0 and pd.notna(means.get(arm))
        return f"{arm} {number(means[arm] / base, 2)} times" if known else ""

    notes = _by_cell(results, said, f"speed relative to {baseline}")
    disturbed = int((~done["exclusive"]).sum())
    if disturbed:
        notes.append(f"Speeds leave out {disturbed} of {len(done)} runs: something else ran on the machine.")
    return [*notes, *other_machines(done)]


def other_machines(runs: pd.DataFrame) -> list[str]:
    """What costs leave out because it was measured elsewhere, in a sentence; none where all runs share a machine."""
    left = len(runs) - len(on_main_machine(runs))
    if not left:
        return []
    were = "was" if left == 1 else "were"
    return [
        f"Costs leave out {left} of {count(len(runs), 'run')}, which {were} made on another kind of machine than most."
    ]


def process_memory_notes(results: Results) -> list[str]:
    """Peaks of the runs' processes with their spread over seeds, which is what differences have to be seen against."""

    def said(own: pd.DataFrame, arm: str) -> str:
        shown = mean_cell(own.loc[own["arm"] == arm, "peak_memory_mib"], 0).text
        return f"{arm} {shown} MiB" if shown != ABSENT else ""

    return _by_cell(results, said, "peak memory of the process, mean and standard deviation over seeds")


def _by_cell(results: Results, said: Callable[[pd.DataFrame, str], str], what: str) -> list[str]:
    """One sentence per data set and encoder: what is said of each arm's runs on the main kind of machine."""
    done, sentences = equal_epochs(results.finished), []
    for dataset, encoder in results.cells:
        own = on_main_machine(of_cell(done, dataset, encoder))
        parts = [text for arm in results.arms if (text := said(own, arm))]
        place = f"on {dataset} with {encoder}, " if len(results.cells) > 1 else ""
        if parts:
            sentences.append(sentence(f"{place}{what}: {'; '.join(parts)}."))
    return sentences
