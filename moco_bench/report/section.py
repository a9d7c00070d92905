"""A section of the report: a heading, and functions that make its sentences, figures and tables."""

from collections.abc import Callable
from dataclasses import dataclass

from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.page import PageSection
from moco_bench.report.model.table import Table
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import FigureOf, draw

NotesOf = Callable[[Results, Links], tuple[Note, ...]]
TableOf = Callable[[Results, Links], Table | None]


@dataclass(frozen=True)
class Section:
    """One section of the page; parts without data are left out.

    `id`: the anchor on the page, and the section's folder. `notes`: sentences. `figures`, then `tables`: in the page's
    order. `folded`: tables for those who look something up.
    """

    id: str
    title: str
    notes: NotesOf | None = None
    figures: tuple[FigureOf, ...] = ()
    tables: tuple[TableOf, ...] = ()
    folded: tuple[TableOf, ...] = ()

    def build(self, results: Results, links: Links) -> PageSection:
        """Build the section for these results."""
        drawings = [drawing for make in self.figures for drawing in draw(make, results)]
        tables, folded = (
            tuple(table for make in makers if (table := make(results, links))) for makers in (self.tables, self.folded)
        )
        notes = self.notes(results, links) if self.notes else ()
        return PageSection(self.id, self.title, notes, (*drawings, *tables), folded)


def sentences(say: Callable[[Results], list[str]], *files: str) -> NotesOf:
    """Notes from a function that returns sentences; their numbers come from `files` below the results."""
    return lambda results, links: links.notes(say(results), *files)
