"""Chooses a part of a split's images: balanced over the classes, the same part every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The same in every run, whatever its own seed: runs must be comparable. Two, so that the two choices are independent.
HOLD_OUT_SEED, LIMIT_SEED = 2501, 16360


def held_out_places(labels: NDArray[np.int64], fraction: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to keep and indices to hold out: `fraction` of all, from each class in proportion.

    A larger fraction holds out the same images and more.
    """
    import numpy as np

    sizes = np.bincount(labels)
    # Each sample's place within its class, from 0 to 1: cut anywhere, every class is cut in the same proportion.
    place = (ranks(labels, HOLD_OUT_SEED) + 0.5) / sizes[labels]
    order = np.argsort(place, kind="stable")
    count = round(fraction * len(labels))
    return np.sort(order[count:]), np.sort(order[:count])


def ranks(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Each sample's position in a random order of its own class, from 0."""
    import numpy as np

    shuffled = np.argsort(np.random.Generator(np.random.PCG64(seed)).random(len(labels)), kind="stable")
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    sizes = np.bincount(labels)
    found = np.empty(len(labels), np.int64)
    found[by_class] = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return found
