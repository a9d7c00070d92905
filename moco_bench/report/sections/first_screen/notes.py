"""Cost of the arms, and what training added to the baselines without training."""

import pandas as pd

from moco_bench.analyse.baselines import standings
from moco_bench.analyse.machines import arithmetics_of
from moco_bench.analyse.table import equal_epochs
from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import count, listed, sentence
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.profile import FOLDER
from moco_bench.report.read.results import Results, of_cell
from moco_bench.report.read.searches import FILE, candidates_of, unequal_choices
from moco_bench.report.sections.cost import process_memory_notes, speed_notes
from moco_bench.report.sections.effects.notes import equal_compute_notes
from moco_bench.report.sections.memory_claim import KEPT, memory_claim_notes
from moco_bench.report.sections.profile.notes import profile_notes, tensor_notes
from moco_bench.suite.checks.size_warnings import manifest_warnings


def first_screen_cost(results: Results, links: Links) -> tuple[Note, ...]:
    """Cost of the arms, without mixing sources: by the profile where it has figures, else by the runs.

    A profile measures by itself, and counts bytes; runs share the machine, and a process is mostly libraries.
    """
    timed, counted = profile_notes(results), tensor_notes(results)
    notes: list[Note] = []
    if timed:
        notes.append(links.note(" ".join(timed), *(f"{FOLDER}/{name}.csv" for name in ("time", "samples"))))
    else:
        notes += links.each(speed_notes(results), "runs.csv")
    if counted:
        notes.append(links.note(" ".join(counted), f"{FOLDER}/memory.csv"))
        ways = [said for said in memory_claim_notes(results) if KEPT in said]  # one way alone stands in the line above
        notes += links.each(ways, f"{FOLDER}/queues.csv")
    else:
        notes += links.each(process_memory_notes(results), "runs.csv")
    compute = compute_of(results)
    sources = (results.written.effects, compute.file) if compute.declared else (compute.file,)
    return (*notes, *links.each(equal_compute_notes(results, compute), *sources))


ACCURACY_TITLES = {"knn_top1": "kNN", "linear_top1": "linear probe"}


def learnt_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """What the baseline arm has learnt relative to the baselines, one sentence per data set and encoder."""
    done = equal_epochs(results.finished)
    done = done[done["arm"] == results.plan.baseline]
    notes = []
    for dataset, encoder in results.cells:
        reached = of_cell(done, dataset, encoder)[list(ACCURACY_TITLES)].mean().dropna()
        measured = results.baselines(dataset, encoder)
        without = {name: pd.DataFrame(repeats).mean() for name, repeats in measured.items()}
        said = []
        for metric, title in ACCURACY_TITLES.items():
            floors = [f"{name} {number(of[metric], 1)} %" for name, of in without.items() if metric in of]
            if floors and metric in reached:
                said.append(f"{title} {number(float(reached[metric]), 1)} % ({', '.join(floors)})")
        place = f" on {dataset} with {encoder}" if len(results.cells) > 1 else ""
        if not said:
            notes.append(Note(f"What training added{place} is unknown: no baseline without training was measured."))
            continue
        text = f"Learnt by {results.plan.baseline}{place}, beside no-training baselines: {'; '.join(said)}."
        notes.append(links.note(text, "runs.csv", f"floors/{dataset}.json"))
    return tuple(notes)


def data_warnings(results: Results) -> tuple[Note, ...]:
    """What is odd about the images that `prepare` described, and about settings for so many, one sentence each."""
    notes = []
    for dataset in dict.fromkeys(cell[0] for cell in results.cells):
        for warning in manifest_warnings(results.plan.suite, dataset, results.manifests.get(dataset, {})):
            notes.append(Note(f"Images of {dataset}: {sentence(warning).rstrip('.')}."))
    return tuple(notes)


def machine_warnings(results: Results, links: Links) -> tuple[Note, ...]:
    """Seeds whose arms ran on different kinds of machine: their differences are of machines, too."""
    seeds = equal_epochs(results.finished).groupby(["dataset", "encoder", "seed"], sort=False)
    unlike = sum(len(set(arithmetics_of(of_seed))) > 1 for _, of_seed in seeds)
    if not unlike:
        return ()
    text = (
        f"The arms of {unlike} of {count(seeds.ngroups, 'seed')} ran on different kinds of machine, so differences in "
        "accuracy may be the machines\u2019."
    )
    return (links.note(text, "runs.csv"),)


def search_warnings(results: Results, links: Links) -> tuple[Note, ...]:
    """Settings that the arms' searches chose differently: an effect is then that of the other setting, too."""
    found = candidates_of(results)
    notes = []
    for name, arms in () if found is None else unequal_choices(found):
        said = "; ".join(f"{value} in {listed(of)}" for value, of in arms.items())
        text = f"Each arm trains with what its own search chose, so effects include a difference in {name}: {said}."
        notes.append(links.note(text, FILE))
    return tuple(notes)


def below_baselines(results: Results) -> str:
    """A warning where the baseline arm isn't above all baselines without training; empty if it is, or if unknown.

    Verdicts use the same rule (`analyse/baselines.py`). Below its own initialisation is worse than below the pixels:
    training has done harm.
    """
    plan, margin = results.plan, results.plan.config.margin_points
    measured = standings(results.runs, plan.baseline, plan.evidence, margin)
    missed = {cell: found for cell, own in measured.items() if (found := [one for one in own if one.short_of])}
    if not missed:
        return ""
    every = [one for found in missed.values() for one in found]
    names = listed(dict.fromkeys(name for one in every for name in one.short_of))
    measures = listed(dict.fromkeys(one.title for one in every))
    places = listed(f"{dataset} with {encoder}" for dataset, encoder in missed)
    where = f" on {places}" if len(results.cells) > 1 else ""
    harm = ": training has left it below its own start" if any(one.reached < one.untrained for one in every) else ""
    above = f"is not above {names} by more than {margin:g} point{'s' * (margin != 1)} in {measures}"
    return f"{sentence(plan.baseline)} {above}{where}{harm}, so treat differences between arms with caution."
