"""Whether malloc keeps the memory that a process frees, or returns it and faults it in again at the next step.

By default glibc maps every large tensor anew and unmaps it when it is freed, so a training step on a CPU spends part of
its time in the kernel, clearing pages that it had a moment ago. Told to keep them, it doesn't. Sizes repeat from step
to step, so the peak stays what it was (docs/measurements.md has both figures).
"""

import ctypes
import platform

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # malloc.h
_NEVER = 2**31 - 1


def keep_freed_memory() -> bool:
    """Let malloc keep freed memory from now on in this process; whether that worked.

    Only glibc is asked; elsewhere, and where it refuses, nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_TRIM_THRESHOLD, _NEVER) and mallopt(_M_MMAP_MAX, 0))
