"""Fashion-MNIST's garments as small colour scenes: made when they are loaded, the same bytes on every machine.

The garments are real; where they stand, how large they are and both colours are synthetic. Centred and aligned
silhouettes can be told apart by their pixels alone; these can't, so that an encoder has something to learn.
"""

import numpy as np
from numpy.typing import NDArray

TRAIN_SEED, TEST_SEED = 2017, 2018
"""Two seeds, so that no test scene repeats the place and colours of a training scene."""

SIDE = 32
"""Pixels of a scene's side."""

GARMENT_LEVELS, BACKGROUND_LEVELS = range(128, 256), range(90)
"""Levels of red, green and blue: the garment is brighter, or it might look like its surroundings."""

GARMENT_SIDES = range(18, 29)
"""Pixels of a garment's side within its scene: 0.64 to 1 of the original 28."""


def scenes(garments: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Each garment shrunk, placed on a canvas and coloured, all at random from `seed`.

    A garment's brightness says how much of its colour a pixel has; the rest is the background's. Both colours
    are uniform in RGB, the garment's in the brighter part. Everything is computed in integers, and the bit generator's
    raw output doesn't change with numpy's version, so the result doesn't depend on the machine.

    Args:
        garments: uint8 [N, 28, 28], black around the garment.
        seed: another one gives other sizes, places and colours.

    Returns:
        uint8 [N, 3, 32, 32].
    """
    colour_bits, place_bits = np.random.PCG64(seed).random_raw((2, len(garments)))
    sides = GARMENT_SIDES.start + _below(place_bits, 0, np.full(len(garments), len(GARMENT_SIDES)))
    tops, lefts = _below(place_bits, 16, SIDE - sides + 1), _below(place_bits, 32, SIDE - sides + 1)
    masks = np.zeros((len(garments), SIDE, SIDE), np.uint8)
    for side in GARMENT_SIDES:
        chosen = np.flatnonzero(sides == side)
        for index, garment in zip(chosen, shrunk(garments[chosen], side), strict=True):
            top, left = tops[index], lefts[index]
            masks[index, top : top + side, left : left + side] = garment
    foreground, background = _colours(colour_bits, 0, GARMENT_LEVELS), _colours(colour_bits, 24, BACKGROUND_LEVELS)
    share = masks[:, None].astype(np.uint16)
    # At most 255 * 255 + 127, which 16 bits hold.
    return ((share * foreground + (255 - share) * background + 127) // 255).astype(np.uint8)


def shrunk(images: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Square images [N, S, S] averaged down to [N, side, side]: each pixel is the mean of the area that it covers."""
    former = images.shape[1]
    # In units in which an old pixel is `side` long and a new one `former`, all overlaps are whole numbers. Their sums
    # stay below 2^24, so that float32 holds them exactly whatever the order in which a library adds them.
    old, new = np.arange(former) * side, np.arange(side)[:, None] * former
    overlap = np.clip(np.minimum(old + side, new + former) - np.maximum(old, new), 0, None).astype(np.float32)
    sums = (overlap @ images.astype(np.float32) @ overlap.T).astype(np.int64)
    means: NDArray[np.uint8] = ((sums + former**2 // 2) // former**2).astype(np.uint8)
    return means


def _colours(bits: NDArray[np.uint64], shift: int, levels: range) -> NDArray[np.uint16]:
    """Twenty-four random bits of each word as a colour [N, 3, 1, 1] of these levels."""
    bytes_ = [(bits >> np.uint64(shift + 8 * place) & np.uint64(255)).astype(np.uint16) for place in range(3)]
    # At most 255 * 256, which 16 bits hold.
    return np.stack(bytes_, axis=1)[:, :, None, None] * np.uint16(len(levels)) // np.uint16(256) + np.uint16(
        levels.start
    )


def _below(bits: NDArray[np.uint64], shift: int, bound: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sixteen random bits of each word as a number from 0 to `bound` - 1."""
    sixteen = (bits >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.int64)
    return sixteen * bound >> 16
