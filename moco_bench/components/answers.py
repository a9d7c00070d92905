"""Errors about unusable results of an idea's methods: one line with the method's file and line."""

import inspect
from typing import Any

from moco_bench.components.base import Component
from moco_bench.errors import InputError


def wrong_answer(idea: Component, method: str, given: object, right: str) -> InputError:
    """The error about a method's unusable result; `right` says in a few words what would be right."""
    return InputError(f"{place_of(type(idea), method)}: `{method}` gave {_in_words(given)}; {right} would be right")


def place_of(idea: type[Component], method: str | None = None) -> str:
    """File and line of a class or of one of its methods; the class's name where there is no source."""
    code: Any = idea if method is None else inspect.unwrap(getattr(idea, method))
    try:
        return f"{inspect.getsourcefile(code)}:{inspect.getsourcelines(code)[1]}"
    except (OSError, TypeError):
        return str(idea.title())


def signature_mistake(idea: type[Component]) -> tuple[str, str] | None:
    """The first method whose signature doesn't fit its kind: its name and the right arguments; None if all fit."""
    base = next(cls for cls in idea.__mro__ if "kind" in vars(cls))
    for name, method in vars(base).items():
        own = inspect.getattr_static(idea, name, None)
        if name.startswith("_") or not inspect.isfunction(method) or not inspect.isfunction(own) or own is method:
            continue
        wanted = list(inspect.signature(method).parameters)
        try:
            inspect.signature(own).bind(*wanted)
        except TypeError:
            return name, f"{name}({', '.join(wanted)})"
    return None


def _in_words(given: object) -> str:
    shape = getattr(given, "shape", None)
    if shape is not None:
        return f"{type(given).__name__} of shape {list(shape)}, {getattr(given, 'dtype', '')}".rstrip(", ")
    if given is None or isinstance(given, bool | int | float | str):
        return repr(given)[:60]
    return f"a {type(given).__name__}"
