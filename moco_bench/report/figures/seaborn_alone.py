"""seaborn without scipy.stats, which takes longer to load than all else that a report needs from SciPy (decision 053).

seaborn imports scipy.stats and scipy.cluster for density estimates and clustered heat maps, and does without where they
can't be imported. So they are hidden while it is used here, unless they are loaded anyway. What was loaded that way is
kept here alone: whoever imports seaborn elsewhere in the same process gets the whole of it.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_NOT_NEEDED = ("scipy.stats", "scipy.cluster")
_KEPT: dict[str, ModuleType] = {}


@contextmanager
def seaborn_alone() -> Iterator[Any]:
    """The module, for use inside of the context: it imports parts of itself when it is called."""
    if "seaborn" in sys.modules:
        yield sys.modules["seaborn"]
        return
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]  # None: "can't be imported"
    hidden = [name for name in _NOT_NEEDED if name not in modules]
    modules.update(dict.fromkeys(hidden))
    modules.update(_KEPT)
    try:
        yield importlib.import_module("seaborn")
    finally:
        own = [name for name in modules if name.partition(".")[0] == "seaborn"]
        _KEPT.update({name: sys.modules.pop(name) for name in own})
        for name in hidden:
            modules.pop(name, None)
