"""Whether training added anything: the baseline's kNN and linear probe beside the same on raw pixels."""

from typing import NamedTuple

from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import listed, sentence
from moco_bench.report.read.results import Results

BELOW_THE_FLOOR = (
    " So this training adds nothing over the pixels by that measure, and effects between arms say little about "
    "representations that are worth having."
)
MEASURES = {"knn_top1": "kNN", "linear_top1": "linear probe"}


class Standing(NamedTuple):
    """One measure of the baseline on one data set and encoder, in percent, and the same on raw pixels."""

    title: str
    reached: float
    floor: float

    @property
    def above(self) -> bool:
        """Whether the mean over seeds beats the pixels."""
        return self.reached > self.floor


def standings(results: Results) -> dict[tuple[str, str], list[Standing]]:
    """What is known of each data set and encoder: nothing where no floor was measured or nothing is finished."""
    done = results.finished[
        (results.finished["arm"] == results.plan.baseline) & (results.finished["budget"] == "epochs")
    ]
    found: dict[tuple[str, str], list[Standing]] = {}
    for dataset, encoder in results.cells:
        measured = results.floors.get(dataset)
        own = done[(done["dataset"] == dataset) & (done["encoder"] == encoder)]
        found[dataset, encoder] = []
        for name, title in MEASURES.items():
            floor, reached = measured["pixels"].get(name) if measured else None, own[name].mean()
            if floor is not None and reached == reached:
                found[dataset, encoder].append(Standing(title, float(reached), float(floor)))
    return found


def floor_notes(results: Results) -> list[str]:
    """Whether the baseline's kNN and linear probe are above the same on raw pixels, a sentence a cell."""
    sentences = []
    for (dataset, encoder), measured in standings(results).items():
        if not measured:
            sentences.append(f"No floor is known for {dataset} with {encoder}, so nothing says what training added.")
            continue
        parts = [
            f"{one.title} at {number(one.reached, 2)} % is {'above' if one.above else 'not above'} "
            f"{number(one.floor, 2)} % on raw pixels"
            for one in measured
        ]
        warning = "" if all(one.above for one in measured) else BELOW_THE_FLOOR
        place = f" ({dataset}, {encoder})" if len(results.cells) > 1 else ""
        sentences.append(f"{results.plan.baseline}'s {' and its '.join(parts)}{place}.{warning}")
    return [sentence(text) for text in sentences]


def below_the_floor(results: Results) -> str:
    """One line for the first screen where the baseline doesn't beat raw pixels; empty where it does, or is unknown."""
    missed = {
        cell: [one for one in measured if not one.above]
        for cell, measured in standings(results).items()
        if not all(one.above for one in measured)
    }
    if not missed:
        return ""
    if len(results.cells) == 1:
        parts = [
            f"{one.title} {number(one.reached, 1)} % against {number(one.floor, 1)} %"
            for one in next(iter(missed.values()))
        ]
        where, place = f" ({', '.join(parts)})", "here"
    else:
        where, place = f" on {listed(f'{dataset} with {encoder}' for dataset, encoder in missed)}", "there"
    return (
        f"{sentence(results.plan.baseline)} does not beat raw pixels{where}, so differences between arms say little "
        f"{place} about representations worth having."
    )


def floors(results: Results, links: Links) -> tuple[Note, ...]:
    """The same with the files behind each sentence."""
    said = zip(floor_notes(results), results.cells, strict=True)
    return tuple(links.note(text, "runs.csv", f"floors/{dataset}.json") for text, (dataset, _) in said)
