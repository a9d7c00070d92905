"""The report as a list of sections, before it becomes HTML or Markdown."""

from dataclasses import dataclass

from moco_bench.report.model.figure import Drawing
from moco_bench.report.model.links import Note
from moco_bench.report.model.summary import Summary
from moco_bench.report.model.table import Source, Table

Item = Table | Drawing


@dataclass(frozen=True)
class Part:
    """A section with what it shows: sentences, figures and tables in their order, and tables that fold away."""

    id: str
    title: str
    notes: tuple[Note, ...] = ()
    items: tuple[Item, ...] = ()
    folded: tuple[Table, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them, folded or not."""
        return (*(item for item in self.items if isinstance(item, Table)), *self.folded)


@dataclass(frozen=True)
class Page:
    """All that a report says.

    `source`: where the numbers of the first screen's answers come from. `interaction`, `accuracy`: the
    figures of the first screen. `runs`: every run, on a page of its own.
    """

    name: str
    description: str
    summary: Summary
    source: Source | None
    warning: str
    interaction: tuple[Drawing, ...]
    accuracy: tuple[Drawing, ...]
    cost: tuple[Note, ...]
    sections: tuple[Part, ...]
    runs: Table | None
    suite_text: str
    repeat: tuple[str, ...]
    fingerprint: str

    @property
    def tables(self) -> tuple[Table, ...]:
        """Of all sections."""
        return tuple(table for part in self.sections for table in part.tables)

    @property
    def written_tables(self) -> tuple[Table, ...]:
        """Those that have files of their own: of all sections, and every run."""
        return (*self.tables, *((self.runs,) if self.runs else ()))

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """Of the first screen and all sections."""
        own = (item for part in self.sections for item in part.items if isinstance(item, Drawing))
        return (*self.interaction, *self.accuracy, *own)
