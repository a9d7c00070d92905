"""A table of the report, before it becomes HTML, Markdown, LaTeX or CSV."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import pandas as pd

from moco_bench.analyse.text import ABSENT, number
from moco_bench.suite.metrics import MetricColumn

Row = Mapping[Any, Any]


class Source(NamedTuple):
    """A file of the results that numbers come from: its title, and a link to it."""

    title: str
    href: str


@dataclass(frozen=True, slots=True)  # a table of all runs has a hundred thousand
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
        """The value for CSV; None for an empty cell."""
        return (None if self.text == ABSENT else self.text) if self.value is None else self.value


@dataclass(frozen=True)
class Column:
    """`name` heads the CSV, `title` the table that people read; numbers are set flush right, prose may wrap.

    `of` makes the cell of a row. `sourced`: whether cells lead to the table's source; None: where they are numbers.
    """

    name: str
    title: str
    numeric: bool = True
    prose: bool = False
    sourced: bool | None = None
    of: Callable[[Row], Cell] = field(default=lambda row: Cell(ABSENT), compare=False)

    @property
    def leads(self) -> bool:
        """Whether its cells link to the table's source."""
        return self.numeric if self.sourced is None else self.sourced

    @classmethod
    def text(cls, name: str, title: str, of: Callable[[Row], Any] | None = None, **kind: Any) -> "Column":
        """A column of words: the row's value of that name, or the result of `of`."""

        def shown(row: Row) -> Cell:
            value = row[name] if of is None else of(row)
            if isinstance(value, Cell):
                return value
            return Cell(ABSENT if value is None or value == "" or value != value else str(value))

        return cls(name, title, numeric=False, of=shown, **kind)

    @classmethod
    def number(
        cls, name: str, title: str, decimals: int | None = None, of: Callable[[Row], Any] | None = None,
        *, signed: bool = False, href: str = "",
    ) -> "Column":  # fmt: skip
        """A column of numbers with `decimals`, or as they are: the row's value of that name, or the result of `of`."""

        def shown(row: Row) -> Cell:
            value = row.get(name) if of is None else of(row)
            if isinstance(value, Cell):
                return value
            if value is None or value != value:
                return Cell(ABSENT)
            return cell(value if decimals is None else number(value, decimals, signed=signed), value, href=href)

        return cls(name, title, of=shown)

    @classmethod
    def mean(cls, name: str, title: str, decimals: int, of: Callable[[Row], pd.DataFrame], href: str = "") -> "Column":
        """Mean and standard deviation of the column `name` of a row's frame; `href`: where the row has their source.

        Frames without that column, as those of baselines, have a dash.
        """
        nothing = pd.Series(dtype=float)
        return cls(
            name, title, of=lambda row: mean_cell(of(row).get(name, nothing), decimals, href=row[href] if href else "")
        )


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

    @classmethod
    def of(
        cls, name: str, title: str, caption: str, columns: Sequence[Column], rows: Iterable[Row] | pd.DataFrame,
        *, source: Source | None = None, note: str = "", without: Iterable[str] = (),
    ) -> "Table | None":  # fmt: skip
        """A table with one row of cells per row of values, or of a frame; None without rows.

        The key's columns that say the same in every row go, and those of the columns `without` that do.
        """
        records = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else rows
        filled = tuple(tuple(column.of(row) for column in columns) for row in records)
        droppable = {*without, *(column.name for column in columns if any(column is part for part in KEY))}
        keep = [
            place
            for place, column in enumerate(columns)
            if column.name not in droppable or len({row[place].text for row in filled} - {ABSENT}) > 1
        ]
        return cls(name, title, caption, tuple(columns), filled, note, source)._with(keep) if filled else None

    def leads(self, place: int, cell: Cell) -> bool:
        """Whether a cell of the column at `place` links to the table's source."""
        own = self.source is None or bool(cell.href) or not self.columns[place].leads
        return not own and any(char.isdigit() for char in cell.text)

    def shown(self) -> "Table":
        """The table without empty and constant columns; the note names the constants.

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
        note = " ".join(text for text in (f"In every row: {'; '.join(same)}." if same else "", self.note) if text)
        return replace(self._with(keep), note=note)

    def _with(self, places: Sequence[int]) -> "Table":
        columns = tuple(self.columns[place] for place in places)
        return replace(self, columns=columns, rows=tuple(tuple(row[place] for place in places) for row in self.rows))

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
    """Mean and standard deviation over seeds; a dash without values."""
    known = values.dropna()
    if known.empty:
        return Cell(ABSENT)
    spread = float(known.std(ddof=1)) if len(known) > 1 else None
    beside = "" if spread is None else f" \u00b1 {number(spread, decimals)}"
    return Cell(f"{number(known.mean(), decimals, signed=signed)}{beside}", float(known.mean()), href, spread)


ARM = Column.text("arm", "Arm")
KEY = (Column.text("dataset", "Data set"), Column.text("encoder", "Encoder"), Column.text("budget", "Budget"))

ARM_KEY = (ARM, *KEY[:2])


def heading(metric: MetricColumn) -> str:
    """A metric's short title with its unit."""
    return f"{metric.short}, {metric.unit}" if metric.unit else metric.short
