"""Files of the results that could not be used."""

from moco_bench.report.model.links import Links, Note
from moco_bench.report.read.results import Results


def damaged_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """Which files are damaged, in one sentence; nothing where none is."""
    del links
    return (Note(f"Files that could not be read: {', '.join(results.damaged)}."),) if results.damaged else ()
