"""Files of the results that could not be used."""

from moco_bench.report.model.links import Links, Note
from moco_bench.report.read.results import Results


def damaged_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """Which files are damaged and which were changed by hand, in one sentence each; nothing where none is."""
    del links
    told = {
        "Files that could not be read": results.damaged,
        "Files that were changed after they were made, so their numbers are not what was measured": results.edited,
    }
    return tuple(Note(f"{what}: {', '.join(names)}.") for what, names in told.items() if names)
