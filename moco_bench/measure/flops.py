"""Floating-point operations of products and convolutions, counted where PyTorch dispatches them, forward and backward.

Two for a multiplication and its addition, as hardware is rated. What works element by element isn't counted: it costs
memory traffic, not arithmetic.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, mm_flop


class FlopCounter:
    """Counts within `counting`, by part: a part ends where the next begins.

    Attributes:
        flops: operations by part, in the order in which parts first began.
    """

    def __init__(self) -> None:
        self.flops: dict[str, int] = {}
        self._mode: Any = None
        self._part: str | None = None
        self._counted = 0

    def __call__(self, part: str) -> None:
        """`part` begins; a part that comes again goes on where it was."""
        self._settle()
        self._part = part

    @contextmanager
    def counting(self) -> Iterator["FlopCounter"]:
        """Count what happens inside."""
        # The counter that comes with PyTorch knows `addmm`, but not the form of it that adds in place.
        with FlopCounterMode(display=False, custom_mapping={torch.ops.aten.addmm_: _addmm_in_place}) as self._mode:
            yield self
            self._settle()

    def _settle(self) -> None:
        total = int(self._mode.get_total_flops())
        if self._part is not None:
            self.flops[self._part] = self.flops.get(self._part, 0) + total - self._counted
        self._counted = total


def _addmm_in_place(self_shape: Any, left: Any, right: Any, out_shape: Any = None, **options: Any) -> int:
    return int(mm_flop(left, right))
