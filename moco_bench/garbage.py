"""Python's search for cyclic garbage, left out where a great many objects live until the end anyway."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Within, no cycle is looked for: loading libraries and drawing figures are a tenth faster for it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def leave_garbage_to_the_system() -> None:
    """When this process ends, it frees no cycles first: a third of a second after a report."""
    atexit.register(gc.freeze)
