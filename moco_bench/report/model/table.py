"""A table as the report knows it, before it becomes HTML, Markdown, LaTeX or CSV."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pandas as pd

from moco_bench.analyse.text import ABSENT, number
from moco_bench.suite.metrics import MetricColumn


class Source(NamedTuple):
    """A file of the results that numbers come from: its name as people read it, and a link to it."""

    title: str
    href: str


@dataclass(frozen=True)
class Column:
    """`name` heads the CSV, `title` the table that people read; numbers are set flush right, prose may wrap.

    `sourced`: whether cells lead to the table's source; None: where they are numbers.
    """

    name: str
    title: str
    numeric: bool = True
    prose: bool = False
    sourced: bool | None = None

    @property
    def leads(self) -> bool:
        """Whether its cells lead to the table's source."""
        return self.numeric if self.sourced is None else self.sourced


@dataclass(frozen=True)
class Cell:
    """`text` is shown; `value` is sorted by and written to the CSV; `href` is the file the number comes from.

    `spread` is a standard deviation shown beside a mean; the CSV has it in a column of its own, NAME_sd.
    """

    text: str
    value: Any = None
    href: str = ""
    spread: float | None = None
    tone: str = ""  # good | bad | open | quiet: carried by words as well, never by colour alone

    @property
    def plain(self) -> Any:
        """For the CSV."""
        return self.text if self.value is None else self.value


@dataclass(frozen=True)
class Table:
    """Rows of cells under columns; the first column names the row.

    `source` is where numbers without a link of their own come from: every number on the page leads to its file.
    """

    name: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    source: Source | None = None

    def leads(self, place: int, cell: Cell) -> bool:
        """Whether a cell of the column at `place` leads to the table's source."""
        is_number = any(char.isdigit() for char in cell.text)
        return self.source is not None and not cell.href and is_number and self.columns[place].leads

    def shown(self) -> "Table":
        """As people read it: without columns that are empty, and with those that say one thing in a sentence instead.

        The files that the page offers as CSV keep all columns.
        """
        if len(self.rows) < 2:
            return self
        texts = [{row[place].text for row in self.rows} for place in range(len(self.columns))]
        keep = [place for place, found in enumerate(texts) if place == 0 or len(found) > 1]
        if len(keep) == 1:
            return self
        same = [
            f"{self.columns[place].title} {next(iter(found))}"
            for place, found in enumerate(texts)
            if place > 0 and len(found) == 1 and not self.columns[place].prose and found.isdisjoint(("", ABSENT))
        ]
        return replace(
            self,
            columns=tuple(self.columns[place] for place in keep),
            rows=tuple(tuple(row[place] for place in keep) for row in self.rows),
            note=" ".join(text for text in (f"In every row: {'; '.join(same)}." if same else "", self.note) if text),
        )

    def frame(self) -> pd.DataFrame:
        """The plain values, for CSV."""
        frame: dict[str, list[Any]] = {}
        for place, column in enumerate(self.columns):
            cells = [row[place] for row in self.rows]
            frame[column.name] = [cell.plain for cell in cells]
            if any(cell.spread is not None for cell in cells):
                frame[f"{column.name}_sd"] = [cell.spread for cell in cells]
        return pd.DataFrame(frame)


def cell(text: Any, value: Any = None, *, href: str = "", tone: str = "") -> Cell:
    """Make a cell of a plain value."""
    return Cell(str(text), value, href, tone=tone)


def mean_cell(values: pd.Series, decimals: int, *, href: str = "", signed: bool = False) -> Cell:
    """Mean and standard deviation over seeds, or a dash where there is nothing."""
    known = values.dropna()
    if known.empty:
        return Cell(ABSENT)
    spread = float(known.std(ddof=1)) if len(known) > 1 else None
    text = number(known.mean(), decimals, signed=signed) + (
        f" \u00b1 {number(spread, decimals)}" if spread is not None else ""
    )
    return Cell(text, float(known.mean()), href, spread)


def drop_constant(table: Table, names: Iterable[str]) -> Table:
    """The table without those of the columns `names` that say the same in every row (one data set, one budget)."""
    names = set(names)
    keep = [
        place
        for place, column in enumerate(table.columns)
        if column.name not in names or len({row[place].text for row in table.rows} - {ABSENT}) > 1
    ]
    return replace(
        table,
        columns=tuple(table.columns[place] for place in keep),
        rows=tuple(tuple(row[place] for place in keep) for row in table.rows),
    )


KEY = (
    Column("dataset", "Data set", numeric=False),
    Column("encoder", "Encoder", numeric=False),
    Column("budget", "Budget", numeric=False),
)
KEY_NAMES = tuple(column.name for column in KEY)


def heading(metric: MetricColumn) -> str:
    """A metric's short title with its unit."""
    return f"{metric.short}, {metric.unit}" if metric.unit else metric.short
