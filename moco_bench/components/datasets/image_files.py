"""Finds the images of each class in a folder, and other files there, by reason."""

import os
from pathlib import Path

from moco_bench.components.datasets.base import Files
from moco_bench.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
HIDDEN = "hidden"


def class_names(folder: Path) -> tuple[str, ...]:
    """The folders in a split's folder, in order of their names."""
    return tuple(entry.name for entry in _entries(folder) if not _hidden(entry) and entry.is_dir())


def list_images(folder: Path, classes: tuple[str, ...]) -> Files:
    """The images under `folder`, one folder per class, each class's in order of their names.

    Raises:
        InputError: other classes than these, a class without images, or a folder that can't be read.
    """
    if odd := sorted(set(class_names(folder)) ^ set(classes)):
        raise InputError(f"{folder}: its class folders differ from train's: {', '.join(odd[:5])}; give both the same")
    passed_over = [
        (HIDDEN if _hidden(entry) else "in no class's folder", _name(entry, folder))
        for entry in _entries(folder)
        if _hidden(entry) or not entry.is_dir()
    ]
    images: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        files = _walk(folder / name, folder, (), passed_over)
        if not files:
            raise InputError(f"{folder / name}: no images; files ending in {', '.join(SUFFIXES)} are read")
        images += files
        labels += [label] * len(files)
    return Files(folder, images, labels, passed_over)


def beside_the_splits(path: Path, splits: tuple[str, ...] = ("train", "test")) -> tuple[tuple[str, str], ...]:
    """Entries beside the splits' folders, which are never read: a `val` folder, say."""
    others = [entry for entry in _entries(path) if entry.name not in splits and not _hidden(entry)]
    return tuple((f"beside {' and '.join(f'{name}/' for name in splits)}", entry.name) for entry in others)


def _walk(
    folder: Path, split: Path, within: tuple[tuple[int, int], ...], passed_over: list[tuple[str, str]]
) -> list[Path]:
    """Images in a folder and those below it; `within` are the folders around it, so that no link leads in a circle."""
    status = folder.stat()
    here = (*within, (status.st_dev, status.st_ino))
    if here[-1] in within:
        passed_over.append(("a link to a folder around it", _name(folder, split)))
        return []
    files = []
    for entry in _entries(folder):
        if _hidden(entry):
            passed_over.append((HIDDEN, _name(entry, split)))
        elif entry.is_dir():
            files += _walk(entry, split, here, passed_over)
        elif not entry.is_file():
            reason = "a link to nowhere" if entry.is_symlink() else "neither a file nor a folder"
            passed_over.append((reason, _name(entry, split)))
        elif entry.suffix.lower() in SUFFIXES:
            files.append(entry)
        else:
            suffix = entry.suffix.lower()
            passed_over.append((f"ending in {suffix}" if suffix else "without an ending", _name(entry, split)))
    return files


def _entries(folder: Path) -> list[Path]:
    """The entries of a folder, in order of name."""
    try:
        return sorted(folder.iterdir())
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder}: not readable ({error}); images must lie in PATH/train/CLASS/ and PATH/test/CLASS/"
        ) from None


def _hidden(entry: Path) -> bool:
    return entry.name.startswith(".")


def _name(entry: Path, split: Path) -> str:
    return os.fsencode(entry.relative_to(split.parent)).decode(errors="backslashreplace")
