"""Whether a table or report is up to date, by a note beside it, written last, on what it was made from.

No time stamp is asked, so a copy is as good as its original and a clock that is wrong does no harm.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from moco_bench import __version__
from moco_bench.files import mapping_if_any, seal_is_broken, sha256_of, sha256_of_file, write_json
from moco_bench.suite.identity.analysis import ANALYSIS_PROTOCOL
from moco_bench.suite.on_disk.hashes import changed_files

TABLES = ("runs.csv", "suite.yaml")
"""Files that `collect` makes in a suite's results."""

ANALYSIS = ("effects.csv", "claims.csv")
"""Files that `analyse` makes there."""

ANALYSIS_IF_KNOWN = ("classes.csv", "pooled.csv")
"""Further files of `analyse`, if runs record their accuracy by class, or come from several machines."""

REPORT = ("report.html", "report.md", "runs.html")
"""Files that `report` makes in its own folder, beside tables and figures."""

REPORT_FOLDERS = ("figures", "tables")
"""Folders of those. Their files depend on the results, and the note names them."""


def note_made(place: Path, basis: str, outputs: Iterable[Path]) -> None:
    """Note at `place` that `outputs`, all below the first one's folder, were made from data with the hash `basis`."""
    outputs = tuple(outputs)
    hashes = {_name(path, outputs): sha256_of_file(path) for path in outputs}
    write_json(place, {"basis": _of_this_version(basis), "outputs": hashes})


def why_make(place: Path, basis: str, outputs: Iterable[Path]) -> str:
    """Why `outputs`, and others in the note, have to be made (again), in a few words; empty if they are up to date."""
    outputs, note = tuple(outputs), mapping_if_any(place)
    noted = [outputs[0].parent / name for name in _mapping(note.get("outputs"))]
    outputs = tuple(dict.fromkeys((*outputs, *noted)))
    for path in outputs:
        if not path.exists():
            return f"{_name(path, outputs)} is missing"
    if not note:
        return f"nothing says what {outputs[0].name} was made from"
    if note.get("basis") != _of_this_version(basis):
        return "what it is made from has changed"
    return next((f"{name} was changed by hand" for name in changed_by_hand(place, outputs)), "")


def changed_by_hand(place: Path, outputs: Iterable[Path]) -> list[str]:
    """Names of outputs that differ from the note at `place`; none without a note."""
    known = mapping_if_any(place).get("outputs")
    if not isinstance(known, dict):
        return []
    outputs = tuple(outputs)
    names = {_name(path, outputs): path for path in outputs if path.is_file()}
    return [name for name, path in names.items() if known.get(name) != sha256_of_file(path)]


def _name(path: Path, outputs: tuple[Path, ...]) -> str:
    return path.relative_to(outputs[0].parent).as_posix()


def edited_files(directory: Path, runs: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """Files of a suite's results that somebody has edited since they were made, by their place in `directory`.

    `runs` holds the content of each run's JSON files by the run's directory, then by the file's name.
    """
    found = changed_by_hand(collected(directory), [directory / name for name in TABLES])
    beside = (path for pattern in (*SEALED, MANIFESTS) for path in sorted(directory.glob(pattern)))
    found += [path.relative_to(directory).as_posix() for path in beside if seal_is_broken(mapping_if_any(path))]
    for place, files in runs.items():
        found += [f"{place}/{name}" for name, content in files.items() if seal_is_broken(content)]
        record = files.get("run.json", {})
        small = {
            name: known for name, known in _mapping(record.get("files")).items() if name.endswith((".csv", ".json"))
        }
        there = {name: known for name, known in small.items() if (directory / place / Path(name).name).is_file()}
        wrong = changed_files(directory / place, there)
        found += [f"{place}/{wrong.split()[0]}"] if wrong else []
    return found


SEALED = ("floors/*.json", "costs.json", "tuned.json")
"""Files beside a suite's runs that carry a hash of their own content."""

MANIFESTS = "data/*.json"
"""The manifests of data sets. They carry one too, but older ones without it are as good."""


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def collected(directory: Path) -> Path:
    """The note of the table of runs in a suite's results."""
    return directory / ".made" / "collect.json"


def analysed(directory: Path) -> Path:
    """The note of effects and claims."""
    return directory / ".made" / "analyse.json"


def reported(reports: Path) -> Path:
    """The note of a report in a folder of reports."""
    return reports / ".made.json"


def analysis_basis(directory: Path) -> str:
    """The hash of an analysis's inputs: the collected runs, the profile, the rules of this version."""
    parts = (collected(directory), *(directory / name for name in TABLES), directory / "profile" / "profile.json")
    return sha256_of([ANALYSIS_PROTOCOL, *(hash_if_there(path) for path in parts)])


def report_basis(directory: Path) -> str:
    """The hash of a report's inputs."""
    return sha256_of([analysis_basis(directory), *(hash_if_there(directory / name) for name in ANALYSIS)])


def hash_if_there(path: Path) -> str | None:
    """The sha256 of a file; None where there is none."""
    return sha256_of_file(path) if path.is_file() else None


def _of_this_version(basis: str) -> str:
    return sha256_of([__version__, basis])


def made_of_report(folder: Path) -> list[Path]:
    """All files that a report has written into its folder: the pages, then tables and figures by name."""
    found = (path for name in REPORT_FOLDERS for path in (folder / name).iterdir())
    return [folder / name for name in REPORT] + sorted(path for path in found if path.name[0] != ".")
