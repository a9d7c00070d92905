"""Ideas from outside the package: files that a suite names, and entry points of installed packages."""

import importlib
import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import get_origin

from moco_bench.components.answers import place_of, signature_mistake
from moco_bench.components.base import Component, Settings
from moco_bench.components.plugin_file import code_hash, import_file, in_words
from moco_bench.components.registry import PACKAGES, Classes, built_in, ideas_in
from moco_bench.errors import InputError
from moco_bench.files import canonical_json

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Valid names of ideas: results can be filed under them."""
GROUP = "moco_bench.plugins"
"""The group of entry points: each is named as the idea that its module defines."""


@dataclass(frozen=True)
class Plugins:
    """The ideas of a suite beside the package's own, by kind and name."""

    ideas: dict[str, Classes] = field(default_factory=dict)

    def known(self, kind: str) -> Classes:
        """The ideas of a kind: the package's own and these."""
        return {**built_in(kind), **self.ideas.get(kind, {})}

    def find(self, kind: str, name: str) -> type[Component] | None:
        """An idea by its name; installed packages are asked where it is neither built in nor the suite's."""
        idea = self.known(kind).get(name)
        if idea is None and (idea := _installed(name).get((kind, name))) is not None:
            self.ideas.setdefault(kind, {})[name] = idea  # one of the suite's from now on, for its copy as well
        return idea


def load_plugins(files: Iterable[Path]) -> Plugins:
    """Import the files and gather their ideas.

    Raises:
        InputError: a file is missing, doesn't import or defines no idea, or one takes a name that is taken; the
            message gives file and line.
    """
    ideas: dict[str, Classes] = {}
    files = list(files)
    for place, file in enumerate(files):
        if file.resolve() in [before.resolve() for before in files[:place]]:
            raise InputError(f"{file}: named twice; once is enough")
        module = import_file(file.resolve(), file)
        found = [idea for kind in PACKAGES for idea in ideas_in(module, kind).values()]
        if not found:
            raise InputError(f"{file}: defines no idea; a class with a field such as `rule: Literal['mine'] = 'mine'`")
        for idea in found:
            _add(ideas, idea, file)
    return Plugins(ideas)


def _add(ideas: dict[str, Classes], idea: type[Component], file: Path) -> None:
    name, where = str(idea.title()), f"{file}:{_line_of(idea)}"
    if not NAME.fullmatch(name):
        told = "up to 64 letters, digits, `-`, `_` and `.` would be right"
        raise InputError(f"{where}: {name[:80]!r} is no name for an idea; {told}")
    if unsuitable := _mistake_of_settings(idea):
        raise InputError(f"{where}: {unsuitable}")
    if name in built_in(idea.kind):
        raise InputError(f"{where}: {name!r} is the name of a built-in; choose another")
    of_kind = ideas.setdefault(idea.kind, {})
    if name in of_kind:
        raise InputError(f"{where}: another plug-in of this suite is called {name!r}; choose another name")
    wrong = signature_mistake(idea)
    if wrong is not None:
        raise InputError(f"{place_of(idea, wrong[0])}: `{wrong[1]}` is how it is called")
    complaint = idea.mistake()
    if complaint is not None:
        raise InputError(f"{where}: {complaint}")
    of_kind[name] = idea


def _mistake_of_settings(idea: type[Component]) -> str:
    """What is wrong with the names, types or defaults of an idea's settings; empty if nothing is."""
    base: type[Component] = next(cls for cls in idea.__mro__ if cls.__module__.startswith("moco_bench."))
    for name, field_info in idea.model_fields.items():
        if name == idea.tag or name in base.model_fields:
            continue
        if hasattr(base, name):
            return f"`{name}` has a meaning of its own; choose another name for this setting"
        kind = get_origin(field_info.annotation) or field_info.annotation
        if kind in (list, set, frozenset):
            return f"`{name}` is a {kind.__name__}; settings don't change, so `tuple[..., ...]` would be right"
        default = None if field_info.is_required() else field_info.get_default(call_default_factory=True)
        try:
            canonical_json(default.model_dump() if isinstance(default, Settings) else default)
        except (TypeError, ValueError) as error:
            return f"the default of `{name}` can't be written down ({error}); numbers, texts, tuples and mappings can"
    return ""


def _line_of(idea: type[Component]) -> int:
    try:
        return inspect.getsourcelines(idea)[1]
    except (OSError, TypeError):
        return 1


def _installed(name: str) -> dict[tuple[str, str], type[Component]]:
    """The ideas of the entry point of this name."""
    found: dict[tuple[str, str], type[Component]] = {}
    for point in entry_points(group=GROUP, name=name):
        try:
            module = importlib.import_module(point.module)
        except Exception as error:
            raise InputError(f"entry point {name!r} of {GROUP}, module {point.module}: {in_words(error)}") from None
        if module.__file__ is None:
            continue
        for idea in ideas_in(module).values():
            idea.code = code_hash(Path(module.__file__))
            found[idea.kind, str(idea.title())] = idea
    return found
