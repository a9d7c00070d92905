"""From a number to the file that it comes from, as a link relative to the report."""

import os
from pathlib import Path
from urllib.parse import quote


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
            self._known[place] = f"{quote(self._base)}/{quote(place)}" if found else ""
        return self._known[place]

    def to_run(self, directory: str, name: str) -> str:
        """A file of a run. A table of runs that came without directories has no files to link to."""
        return self.to(f"{directory}/{name}") if directory else ""
