"""The content of a report before it becomes HTML or Markdown: figures, the first screen, sections."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from moco_bench.report.model.links import Note
from moco_bench.report.model.table import Source, Table

WIDTH, PAD = 320.0, 10.0


@dataclass(frozen=True)
class Strip:
    """Horizontal positions in a drawing `WIDTH` units wide. `low` and `high` are None where there is no interval.

    `cut_low` and `cut_high`: the interval goes on beyond the axis on that side, which an arrow head says.
    """

    zero: float
    margin: tuple[float, float] | None
    estimate: float
    low: float | None
    high: float | None
    ticks: tuple[tuple[float, str], ...]
    cut_low: bool = False
    cut_high: bool = False


@dataclass(frozen=True)
class Answer:
    """One question with its answer: a verdict of a few words, the numbers, and a drawing of them.

    `parts`: the simple effects that a main effect averages.
    """

    question: str
    verdict: str
    tone: str
    decided: bool
    estimate: str
    interval: str
    certainty: str
    strip: Strip | None
    leaning: str = ""
    parts: str = ""


@dataclass(frozen=True)
class DataSetAnswers:
    """The answers on one data set and encoder."""

    title: str
    headline: str
    answers: tuple[Answer, ...]
    limits: str
    unit: str
    to_decide: str = ""
    more: str = ""


@dataclass(frozen=True)
class Summary:
    """Content of the first screen except its figures.

    `caution` is what a reader must know before believing the headline; `learnt`: the baseline arm beside what needs no
    training.
    """

    headline: str
    caution: str
    learnt: tuple[Note, ...]
    blocks: tuple[DataSetAnswers, ...]
    metric: str
    progress: str


@dataclass(frozen=True)
class Plot:
    """A figure with the data behind it; `alt` says in words what it shows. `plot` names it, `draw` makes the images."""

    caption: str
    alt: str
    figure: Figure
    data: pd.DataFrame
    name: str = ""
    title: str = ""
    svg: str = ""
    png: bytes = b""


Item = Table | Plot


@dataclass(frozen=True)
class PageSection:
    """A section's content: sentences, figures and tables in order, and tables that fold away."""

    id: str
    title: str
    notes: tuple[Note, ...] = ()
    items: tuple[Item, ...] = ()
    folded: tuple[Table, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables, folded or not."""
        return (*(item for item in self.items if isinstance(item, Table)), *self.folded)


@dataclass(frozen=True)
class Page:
    """The content of a report.

    `source`: where the numbers of the first screen's answers come from. `figures`: those of the
    first screen. `runs`: every run, on a page of its own.
    """

    name: str
    description: str
    summary: Summary
    source: Source | None
    warning: str
    figures: tuple[Plot, ...]
    cost: tuple[Note, ...]
    sections: tuple[PageSection, ...]
    runs: Table | None
    suite: Source | None
    repeat: tuple[str, ...]
    fingerprint: str

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables of all sections."""
        return tuple(table for part in self.sections for table in part.tables)

    @property
    def written_tables(self) -> tuple[Table, ...]:
        """The tables that have files of their own: those of all sections, and every run."""
        return (*self.tables, *((self.runs,) if self.runs else ()))

    @property
    def drawings(self) -> tuple[Plot, ...]:
        """The figures of the first screen and all sections."""
        own = (item for part in self.sections for item in part.items if isinstance(item, Plot))
        return (*self.figures, *own)
