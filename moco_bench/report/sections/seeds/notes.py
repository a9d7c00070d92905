"""What the hashes prove about the pairs."""

from collections import Counter

from moco_bench.analyse.pairing import UNEQUAL_PRECISION
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import count
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import Results


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
    return " ".join(said)
