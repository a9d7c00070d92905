"""From a number to the file that it comes from, as a link relative to the report."""

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
    """Links from a report in `out` to files in `results`; they hold as long as the two keep their places."""

    def __init__(self, results: Path, out: Path) -> None:
        self._results = results
        self._known: dict[str, str] = {}
        self._base = Path(os.path.relpath(results.resolve(), out.resolve())).as_posix()

    def to(self, place: str) -> str:
        """A file below the results, percent-encoded. No link to a file that isn't there."""
        if place not in self._known:
            found = bool(place) and (self._results / place).is_file()
            self._known[place] = f"{_encoded(self._base)}/{_encoded(place)}" if found else ""
        return self._known[place]

    def to_run(self, directory: str, name: str) -> str:
        """A file of a run. A table of runs that came without directories has no files to link to."""
        return self.to(f"{directory}/{name}") if directory else ""

    def source(self, place: str) -> Source | None:
        """A file below the results as the source of a table; None where it isn't there."""
        href = self.to(place)
        return Source(place, href) if href else None

    def note(self, text: str, *places: str) -> Note:
        """A paragraph with the files below the results that its numbers come from, those that are there."""
        found = (self.source(place) for place in dict.fromkeys(places))
        return Note(text, tuple(source for source in found if source is not None))

    def each(self, texts: Iterable[str], *places: str) -> tuple[Note, ...]:
        """Several paragraphs, each with the files that its numbers come from."""
        return tuple(self.note(text, *places) for text in texts)

    def notes(self, texts: Iterable[str], *places: str) -> tuple[Note, ...]:
        """Several paragraphs out of the same files, which stand behind the last."""
        texts = list(texts)
        return (*(Note(text) for text in texts[:-1]), *(self.note(text, *places) for text in texts[-1:]))


def _encoded(path: str) -> str:
    """As the bytes that the file system has, whatever the locale takes them for."""
    return quote(os.fsencode(path))
