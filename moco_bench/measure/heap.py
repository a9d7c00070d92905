"""State of the C library's allocator (glibc), including memory that was freed but not returned to the kernel."""

import ctypes
import functools
from dataclasses import dataclass


@dataclass(frozen=True)
class Heap:
    """Bytes of all arenas and of individually mapped blocks.

    `in_use`: tensors on the CPU, Python objects, what libraries keep for themselves. `free`: taken from the kernel,
    between blocks in use or kept for later.
    """

    in_use: int
    free: int


def heap() -> Heap | None:
    """The heap by `mallinfo2`; None if the C library doesn't have it."""
    function = _mallinfo2()
    if function is None:
        return None
    answer = function()
    return Heap(in_use=answer.uordblks + answer.hblkhd, free=answer.fordblks)


class _Answer(ctypes.Structure):
    """`struct mallinfo2` of malloc.h."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


@functools.cache
def _mallinfo2() -> "ctypes._NamedFuncPointer | None":
    try:
        function = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):  # another C library, or Windows
        return None
    function.restype = _Answer
    return function
