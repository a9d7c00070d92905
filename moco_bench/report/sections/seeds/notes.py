"""What the hashes prove about the pairs."""

from collections import Counter
from collections.abc import Iterator

from moco_bench.analyse.pairing import UNEQUAL_PRECISION
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import count, listed
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import Results
from moco_bench.suite.checks.comparisons import RANDOM_NUMBERS

_DESIGNED = {
    0: "another network begins with other weights, so no seed is a pair; its accuracies stand beside the others\u2019",
    1: f"another number of epochs, so paired by {RANDOM_NUMBERS[0]} alone",
    2: f"other views or batches, so paired by {RANDOM_NUMBERS[0]} and {RANDOM_NUMBERS[1]}",
}
"""By how many of the random numbers an arm shares."""


def pairing_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """The same with its source."""
    return (links.note(pairing_note(results), "runs.csv"),)


def pairing_note(results: Results) -> str:
    """What the hashes prove about the seeds."""
    compute = compute_of(results)
    rows = [row for row in results.random_numbers.to_dict("records") if not compute.repeats(row)]
    if not rows:
        return "No finished runs, so no pairs."
    words = {
        "proven": (
            "is a proven pair",
            "are proven pairs",
            ": all arms have equal hashes of initialisation, batch order and augmentations",
        ),
        "initialisation only": ("shares", "share", " the initialisation alone; lengths differ on purpose"),
        "unproven": (
            "is taken as a pair",
            "are taken as pairs",
            " without proof (pairing unproven), since no hashes were recorded",
        ),
        UNEQUAL_PRECISION: (
            "is no pair of all arms",
            "are no pairs of all arms",
            ": asked for the same precision, some arms came to another one than the rest. Comparisons between arms "
            "that agree use such a seed, the others leave it out; a precision named in train.precision prevents it",
        ),
        "not paired": (
            "is no pair of all arms",
            "are no pairs of all arms",
            ": some arms\u2019 hashes differ from the others\u2019. Comparisons between arms that agree use such a "
            "seed, the others leave it out",
        ),
    }
    said = []
    for name, found in Counter(row["paired"] for row in rows).most_common():
        one, many, why = words[name]
        said.append(f"{found} of {count(len(rows), 'seed')} {one if found == 1 else many}{why}.")
    return " ".join((*said, *_on_purpose(results)))


def _on_purpose(results: Results) -> Iterator[str]:
    """Arms that share less than the others because of what they change, and what their comparisons rest on."""
    for shared, why in _DESIGNED.items():
        arms = [arm for arm in results.arms if results.plan.shared.get(arm) == shared]
        if arms:
            yield f"{listed(arms)}: {why}."
