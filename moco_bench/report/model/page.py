"""The report as a list of sections, before it becomes HTML or Markdown."""

from dataclasses import dataclass

from moco_bench.report.model.figure import Drawing
from moco_bench.report.model.links import Note
from moco_bench.report.model.summary import Summary
from moco_bench.report.model.table import Source, Table

Item = Table | Drawing


@dataclass(frozen=True)
class Part:
    """A section with what it shows: a heading, sentences, and figures and tables in their order."""

    id: str
    title: str
    notes: tuple[Note, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Page:
    """All that a report says. `source`: where the numbers of the first screen's answers come from."""

    name: str
    description: str
    summary: Summary
    source: Source | None
    warning: str
    cost: tuple[Note, ...]
    floors: tuple[Note, ...]
    sections: tuple[Part, ...]
    suite_text: str
    repeat: tuple[str, ...]
    fingerprint: str

    @property
    def tables(self) -> tuple[Table, ...]:
        """Of all sections."""
        return tuple(item for section in self.sections for item in section.items if isinstance(item, Table))

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """Of all sections."""
        return tuple(item for section in self.sections for item in section.items if isinstance(item, Drawing))
