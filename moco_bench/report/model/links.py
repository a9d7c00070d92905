"""Links from a number in the report to the file that it comes from."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from moco_bench.report.model.table import Source


class Note(NamedTuple):
    """A paragraph, the files that its numbers come from, and a heading of its own where it begins a subsection."""

    text: str
    sources: tuple[Source, ...] = ()
    heading: str = ""


class Links:
    """Links from a report in `out` to files in `results`; they hold as long as neither is moved."""

    def __init__(self, results: Path, out: Path) -> None:
        self._results = results
        self._known: dict[str, str] = {}
        self._base = _encoded(Path(os.path.relpath(results.resolve(), out.resolve())).as_posix())

    def to(self, place: str) -> str:
        """A percent-encoded link to a file below the results; empty if the file doesn't exist."""
        if place not in self._known:
            found = bool(place) and os.path.isfile(os.path.join(self._results, place))
            self._known[place] = f"{self._base}/{_encoded(place)}" if found else ""
        return self._known[place]

    def to_run(self, directory: str, name: str) -> str:
        """A link to a run's file; empty for a table of runs without directories."""
        return self.to(f"{directory}/{name}") if directory else ""

    def source(self, place: str) -> Source | None:
        """A file below the results as the source of a table; None if it doesn't exist."""
        href = self.to(place)
        return Source(place, href) if href else None

    def note(self, text: str, *places: str) -> Note:
        """A paragraph with those files below the results that its numbers come from and that exist."""
        found = (self.source(place) for place in dict.fromkeys(places))
        return Note(text, tuple(source for source in found if source is not None))

    def each(self, texts: Iterable[str], *places: str) -> tuple[Note, ...]:
        """Several paragraphs, each with the files that its numbers come from."""
        return tuple(self.note(text, *places) for text in texts)

    def notes(self, texts: Iterable[str], *places: str) -> tuple[Note, ...]:
        """Several paragraphs from the same files, which are shown after the last."""
        texts = list(texts)
        return (*(Note(text) for text in texts[:-1]), *(self.note(text, *places) for text in texts[-1:]))


def _encoded(path: str) -> str:
    """Percent-encode a path by its bytes in the file system, whatever the locale."""
    return quote(os.fsencode(path))
