"""Whether a user's own image files are still those that `prepare` read.

A glance compares names, sizes and time stamps; only where these differ is the content compared, so that images that
were copied or unpacked again are the same images. Data sets under known checksums need none of this.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from moco_bench.files import sha256_of, sha256_of_file
from moco_bench.suite.config import DatasetConfig


def describe_sources(dataset: DatasetConfig) -> dict[str, Any]:
    """The `source` of a manifest: what was requested, and the files of the data set."""
    return {"request": request_of(dataset), "glance": _glance(dataset), "content": _content(dataset)}


def request_of(dataset: DatasetConfig) -> str:
    """The hash of the request: which images, and where they are."""
    request = {"root": None, "path": None, "download": False, **dataset.model_dump(mode="json")}  # as once all had them
    return sha256_of(request if dataset.source.code is None else {**request, "code": dataset.source.code})


def have_changed(dataset: DatasetConfig, source: Mapping[str, Any]) -> bool:
    """Whether the files differ from a manifest's `source`. Missing files count as unchanged."""
    glance = _glance(dataset)
    return bool(glance) and glance != source.get("glance") and _content(dataset) != source.get("content")


def absent(dataset: DatasetConfig) -> str:
    """Where a data set's missing files should be; empty if they exist, or none are needed."""
    return next((place for place in dataset.source.places() if not Path(place).exists()), "")


def _glance(dataset: DatasetConfig) -> list[Any]:
    """A hash of names, sizes and time stamps, with the number of files; empty where there are none."""
    found = [(name, status.st_size, status.st_mtime_ns) for name, _, status in _files(dataset)]
    return [len(found), sha256_of(found)] if found else []


def _content(dataset: DatasetConfig) -> str:
    return sha256_of([(name, sha256_of_file(path)) for name, path, _ in _files(dataset)])


def _files(dataset: DatasetConfig) -> Iterator[tuple[str, Path, os.stat_result]]:
    """Regular files in order of name; those whose name or folder begins with a dot are ignored."""
    source = dataset.source
    path = getattr(source, "path", None)
    if source.checksums or not isinstance(path, str):
        return
    top, listed = Path(path), []
    for place in map(Path, source.places()):
        listed += sorted(_below(place)) if place.is_dir() else [place]
    for path in listed:
        try:
            status = path.stat()
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(status.st_mode):
            yield os.fsencode(path.relative_to(top)).hex(), path, status


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(here, name) for name in names if not name.startswith("."))
