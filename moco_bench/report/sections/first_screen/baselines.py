"""Whether training added anything: the baseline arm beside raw pixels, an untrained encoder and the majority class."""

from typing import NamedTuple

from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import listed, sentence
from moco_bench.report.read.results import Results, equal_epochs

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

    @property
    def below(self) -> frozenset[str]:
        """What the mean over seeds is below."""
        return frozenset(name for name, value in self.without.items() if self.reached < value)


def standings(results: Results) -> dict[tuple[str, str], list[Standing]]:
    """What is known of each data set and encoder: nothing where nothing was measured without training, or finished."""
    done = equal_epochs(results.finished)
    done = done[done["arm"] == results.plan.baseline]
    found: dict[tuple[str, str], list[Standing]] = {}
    for cell in results.cells:
        own = done[(done["dataset"] == cell[0]) & (done["encoder"] == cell[1])]
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
    missed = {cell: [one for one in measured if one.missed] for cell, measured in standings(results).items()}
    missed = {cell: measured for cell, measured in missed.items() if measured}
    if not missed:
        return ""
    first = next(iter(missed.values()))
    names = listed(dict.fromkeys(name for measured in missed.values() for one in measured for name in one.missed))
    if len(results.cells) == 1:
        parts = (
            f"{one.title} {number(one.reached, 1)} % against {number(value, 1)} %"
            for one in first
            for value in one.missed.values()
        )
        where = f" ({', '.join(parts)})"
    else:
        where = f" on {listed(f'{dataset} with {encoder}' for dataset, encoder in missed)}"
    arm = sentence(results.plan.baseline)
    worse = any("untrained encoder" in one.below for measured in missed.values() for one in measured)
    harm = ": training has left it below its own start, the untrained encoder" if worse else ""
    return f"{arm} is not above {names}{where}{harm}, so treat differences between arms with caution."
