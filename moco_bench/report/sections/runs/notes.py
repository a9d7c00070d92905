"""Where every run stands."""

from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.table import Source
from moco_bench.report.model.words import count
from moco_bench.report.read.results import Results


def runs_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """A link to the page of all runs."""
    del links
    text = f"{count(len(results.runs), 'run')}, each with its numbers and its files, with search and sorting."
    return (Note(text, (Source("runs.html", "runs.html"),)),)
