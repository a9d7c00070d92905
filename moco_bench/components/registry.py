"""Finding ideas by their names."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from moco_bench.components.base import Component

PACKAGES = {
    "augmentation": "moco_bench.components.augmentations",
    "backbone": "moco_bench.components.backbones",
    "dataset": "moco_bench.components.datasets",
    "head": "moco_bench.components.heads",
    "metric": "moco_bench.components.metrics",
    "negatives": "moco_bench.components.negatives",
    "objective": "moco_bench.components.objectives",
}
"""The package that holds the ideas of each kind, one per file. Every module of the package is searched."""

Classes = dict[str, type[Component]]


@cache
def built_in(kind: str) -> Classes:
    """The package's own ideas of a kind, by name, in the order of their names."""
    package = importlib.import_module(PACKAGES[kind])
    found: Classes = {}
    for module in pkgutil.iter_modules(package.__path__):
        found |= ideas_in(importlib.import_module(f"{package.__name__}.{module.name}"), kind)
    return dict(sorted(found.items()))


def ideas_in(module: ModuleType, kind: str | None = None) -> Classes:
    """The ideas that a module defines itself: what it imports and what is a base of others is left out."""
    return {
        title: value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Component)
        and value.__module__ == module.__name__
        and hasattr(value, "tag")
        and kind in (None, value.kind)
        and (title := value.title()) is not None
    }
