"""Random numbers that are a function of their position, so that a part of a matrix can be drawn without the rest."""

import torch
from torch import Tensor

# Multipliers and shifts of Chris Wellons' "lowbias32" hash (public domain), as signed 32-bit numbers.
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B - 2**32


def random_scores(rows: Tensor, columns: Tensor, seed: tuple[int, int]) -> Tensor:
    """Part of a matrix of uniform random integers: the given `rows` [R] and `columns` [C].

    They lie in [-2^23, 2^23), which float32 holds exactly. An entry depends on its row, its column and the seed alone
    (a counter-based generator), hence not on how a queue is cut into chunks, nor on the device.

    Returns:
        int32 [R, C].
    """
    of_row = _mix(_mix(rows.to(torch.int32)) + seed[0])
    of_column = _mix(_mix(columns.to(torch.int32)) + seed[1])
    # The two hashes make every entry's argument unlike its neighbours'; mixing once more undoes the xor's structure.
    return _mix(of_row[:, None] ^ of_column[None, :]) >> 8


def _mix(value: Tensor) -> Tensor:
    """A bijection of the 32-bit integers that looks random. Products wrap around; shifts fill with zeros."""
    value = value ^ (value >> 16 & 0xFFFF)
    value = value.mul_(_FIRST)
    value ^= value >> 15 & 0x1FFFF
    value = value.mul_(_SECOND)
    value ^= value >> 16 & 0xFFFF
    return value
