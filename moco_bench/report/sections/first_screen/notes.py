"""What an arm costs, and whether training added anything to the baselines without training."""

from typing import NamedTuple

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


UNTRAINED = "untrained encoder"
MEASURES = {"knn_top1": "kNN", "linear_top1": "linear probe"}


class Standing(NamedTuple):
    """One measure of the baseline arm on one data set and encoder, in percent, and the same without training."""

    title: str
    reached: float
    without: dict[str, float]

    @property
    def missed(self) -> dict[str, float]:
        """What the mean over seeds isn't above."""
        return {name: value for name, value in self.without.items() if not self.reached > value}


def standings(results: Results) -> dict[tuple[str, str], list[Standing]]:
    """What is known of each data set and encoder: nothing where nothing was measured without training, or finished."""
    done = equal_epochs(results.finished)
    done = done[done["arm"] == results.plan.baseline]
    found: dict[tuple[str, str], list[Standing]] = {}
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
                found[cell].append(Standing(title, reached, without))
    return found


def learnt_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """What the baseline arm has learnt, one sentence per data set and encoder."""
    notes = []
    for (dataset, encoder), measured in standings(results).items():
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

    Below its own initialisation is worse than below the pixels: training has done harm.
    """
    missed = {cell: found for cell, own in standings(results).items() if (found := [one for one in own if one.missed])}
    if not missed:
        return ""
    every = [one for found in missed.values() for one in found]
    names = listed(dict.fromkeys(name for one in every for name in one.missed))
    if len(results.cells) == 1:
        where = ", ".join(
            f"{one.title} {number(one.reached, 1)} % against {number(value, 1)} %"
            for one in every
            for value in one.missed.values()
        )
        where = f" ({where})"
    else:
        where = f" on {listed(f'{dataset} with {encoder}' for dataset, encoder in missed)}"
    worse = any(one.reached < one.missed.get(UNTRAINED, 0.0) for one in every)
    harm = f": training has left it below its own start, the {UNTRAINED}" if worse else ""
    arm = sentence(results.plan.baseline)
    return f"{arm} is not above {names}{where}{harm}, so treat differences between arms with caution."
