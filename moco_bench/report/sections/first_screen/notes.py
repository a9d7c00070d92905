"""What an arm costs, and whether training added anything to the baselines without training."""

from typing import NamedTuple

from moco_bench.analyse.baselines import PIXELS, UNTRAINED, standings
from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import listed, sentence
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.profile import FOLDER
from moco_bench.report.read.results import Results, equal_epochs, of_cell
from moco_bench.report.sections.cost.notes import process_memory_notes, speed_notes
from moco_bench.report.sections.effects.notes import equal_compute_notes
from moco_bench.report.sections.memory_claim.notes import written_otherwise_notes
from moco_bench.report.sections.profile.notes import profile_notes, tensor_notes


def first_screen_cost(results: Results, links: Links) -> tuple[Note, ...]:
    """What an arm costs, in one paragraph that doesn't mix its sources: the profile's figures where there are any.

    A profile measures by itself, and counts bytes; runs share the machine, and a process is mostly libraries.
    """
    timed, counted = profile_notes(results), tensor_notes(results)
    notes: list[Note] = []
    if timed:
        timed = [*timed, *_own_speeds_are_not_used(results)]
        notes.append(links.note(" ".join(timed), *(f"{FOLDER}/{name}.csv" for name in ("time", "samples"))))
    else:
        notes += links.each(speed_notes(results), "runs.csv")
    if counted:
        notes.append(links.note(" ".join(counted), f"{FOLDER}/memory.csv"))
        notes += links.each(written_otherwise_notes(results), f"{FOLDER}/queues.csv")
    else:
        notes += links.each(process_memory_notes(results), "runs.csv")
    compute = compute_of(results)
    sources = (results.written.effects, compute.file) if compute.declared else (compute.file,)
    return (*notes, *links.each(equal_compute_notes(results, compute), *sources))


def _own_speeds_are_not_used(results: Results) -> list[str]:
    done = equal_epochs(results.finished)
    if done.empty or done["exclusive"].any():
        return []
    return ["The runs\u2019 own speeds are not used: all of them shared the machine."]


MEASURES = {"knn_top1": "kNN", "linear_top1": "linear probe"}


class _Learnt(NamedTuple):
    """One measure of the baseline arm on one data set and encoder, in percent, and the same without training."""

    title: str
    reached: float
    without: dict[str, float]


def _learnt(results: Results) -> dict[tuple[str, str], list[_Learnt]]:
    """What is known of each data set and encoder: nothing where nothing was measured without training, or finished."""
    done = equal_epochs(results.finished)
    done = done[done["arm"] == results.plan.baseline]
    found: dict[tuple[str, str], list[_Learnt]] = {}
    for cell in results.cells:
        own = of_cell(done, *cell)
        found[cell] = []
        for metric, title in MEASURES.items():
            reached = float(own[metric].mean())
            without = {
                name: sum(values) / len(values)
                for name, repeats in results.baselines(*cell).items()
                if (values := [one[metric] for one in repeats if metric in one])
            }
            if without and reached == reached:
                found[cell].append(_Learnt(title, reached, without))
    return found


def learnt_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """What the baseline arm has learnt, one sentence per data set and encoder."""
    notes = []
    for (dataset, encoder), measured in _learnt(results).items():
        place = f" on {dataset} with {encoder}" if len(results.cells) > 1 else ""
        if not measured:
            notes.append(Note(f"What training added{place} is unknown: no baseline without training was measured."))
            continue
        said = "; ".join(
            f"{one.title} {number(one.reached, 1)} % ("
            + ", ".join(f"{name} {number(value, 1)} %" for name, value in one.without.items())
            + ")"
            for one in measured
        )
        text = f"What {results.plan.baseline} has learnt{place}, beside baselines without training: {said}."
        notes.append(links.note(text, "runs.csv", f"floors/{dataset}.json"))
    return tuple(notes)


def data_warnings(results: Results) -> tuple[Note, ...]:
    """What `prepare` found odd in the images, one sentence each."""
    notes = []
    for dataset in dict.fromkeys(cell[0] for cell in results.cells):
        found = results.data_of(dataset).get("warnings")
        for warning in found if isinstance(found, list) else []:
            notes.append(Note(f"Images of {dataset}: {sentence(str(warning)).rstrip('.')}."))
    return tuple(notes)


def below_baselines(results: Results) -> str:
    """One line where the baseline arm isn't above everything without training; empty where it is, or is unknown.

    It is what verdicts go by: `analyse/baselines.py`. Below its own initialisation is worse than below the pixels:
    training has done harm.
    """
    plan, margin = results.plan, results.plan.config.margin_points
    measured = standings(results.runs, plan.baseline, plan.evidence, margin)
    missed = {cell: found for cell, own in measured.items() if (found := [one for one in own if one.short_of])}
    if not missed:
        return ""
    every = [one for found in missed.values() for one in found]
    names = listed(dict.fromkeys(name for one in every for name in one.short_of))
    if len(results.cells) == 1:
        floors = ((one, {PIXELS: one.pixels, UNTRAINED: one.untrained}) for one in every)
        where = ", ".join(
            f"{one.title} {number(one.reached, 1)} % against {number(values[name], 1)} %"
            for one, values in floors
            for name in one.short_of
        )
        where = f" ({where})"
    else:
        where = f" on {listed(f'{dataset} with {encoder}' for dataset, encoder in missed)}"
    harm = ": training has left it below its own start" if any(one.reached < one.untrained for one in every) else ""
    above = f"is not above {names} by more than {margin:g} point{'s' * (margin != 1)}"
    return f"{sentence(plan.baseline)} {above}{where}{harm}, so treat differences between arms with caution."
