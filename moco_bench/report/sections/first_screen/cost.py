"""What an arm costs, for the first screen."""

from moco_bench.report.model.links import Links, Note
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.profile import FOLDER
from moco_bench.report.read.results import Results, equal_epochs
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
