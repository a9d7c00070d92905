"""Facts about the files that images were read from, beyond their pixels, of interest to their owner."""

from collections.abc import Iterable
from dataclasses import dataclass

Sides = tuple[tuple[int, int], tuple[int, int]]
"""Smallest and largest height and width, in pixels."""


@dataclass(frozen=True)
class Remark:
    """A remark that is true of some files: how many, and the first of them."""

    what: str
    count: int
    first: str


@dataclass(frozen=True)
class Origin:
    """What is known of the files of one split."""

    passed_over: tuple[Remark, ...] = ()
    """Files that were not read, by reason."""

    changed: tuple[Remark, ...] = ()
    """Changes to images besides cutting and resizing."""

    sides: Sides | None = None
    """Of the images in the files; None if they equal those of the images."""


UNKNOWN = Origin()


def remarks(found: Iterable[tuple[str, str]]) -> tuple[Remark, ...]:
    """One remark for each reason of (reason, name) pairs, in order of the reasons; the first name stands for all."""
    return joined([Remark(reason, 1, name)] for reason, name in found)


def sides_of(sizes: Iterable[tuple[int, int]]) -> Sides:
    """Smallest and largest sides of images of these heights and widths."""
    heights, widths = zip(*sizes, strict=True)
    return (min(heights), min(widths)), (max(heights), max(widths))


def joined(parts: Iterable[Iterable[Remark]]) -> tuple[Remark, ...]:
    """The remarks on several groups of files, added up into remarks on all of them."""
    found: dict[str, Remark] = {}
    for remark in (remark for part in parts for remark in part):
        before = found.get(remark.what, Remark(remark.what, 0, remark.first))
        found[remark.what] = Remark(remark.what, before.count + remark.count, before.first)
    return tuple(found[what] for what in sorted(found))
