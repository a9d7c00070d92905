"""Ideas from outside the package: files that a suite names, and entry points of installed packages.

A file is imported under a name of its own; it may import modules that lie beside it. Its hash covers
both, and belongs to the fingerprint of every run that uses one of its ideas.
"""

import ast
import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin

from moco_bench.components.answers import place_of, signature_mistake
from moco_bench.components.base import Component, Settings
from moco_bench.components.registry import PACKAGES, Classes, built_in, ideas_in
from moco_bench.errors import InputError
from moco_bench.files import canonical_json

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Of an idea: results can be filed under it."""
GROUP = "moco_bench.plugins"
"""The group of entry points: each is named as the idea that its module defines."""


class _Neighbours(MetaPathFinder):
    """Finds what plug-ins import from their own folders, and nothing else that lies there.

    With the folders in `sys.path`, a plug-in called as some library's optional package would be taken for it.
    """

    def __init__(self) -> None:
        self._files: dict[str, Path] = {}

    def know(self, path: Path) -> None:
        """From now on the neighbours of this plug-in are found, also where a formula imports them as it runs."""
        for file in neighbours(path)[1:]:
            package = path.parent / file.relative_to(path.parent).parts[0]
            self._files[package.stem] = package
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        found = self._files.get(fullname)
        if found is None or not found.is_dir():
            return None if found is None else importlib.util.spec_from_file_location(fullname, found)
        if (found / "__init__.py").is_file():
            return importlib.util.spec_from_file_location(fullname, found / "__init__.py")
        folder = ModuleSpec(fullname, None, is_package=True)
        folder.submodule_search_locations = [str(found)]
        return folder


_BESIDE = _Neighbours()

_LOADED: dict[Path, tuple[str, ModuleType]] = {}
"""Files that have been imported: their hash and module. A file that has changed is imported anew."""


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
        module = _module(file.resolve(), file)
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
    """What a suite couldn't name, hold or tell apart by a fingerprint; empty where nothing is wrong."""
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


def _module(path: Path, shown: Path) -> ModuleType:
    if not path.is_file():
        raise InputError(f"{shown}: no such file; `plugins` are looked for beside the suite file")
    for name in sorted(_imported(path)):
        if name != "moco_bench" and _lies_beside(path, name) and _is_known_elsewhere(path, name):
            told = "is a module of Python or of an installed package; the one beside the file needs another name"
            raise InputError(f"{shown}: imports {name}, which {told}")
    digest = code_hash(path)
    known = _LOADED.get(path)
    if known is not None and known[0] == digest:
        return known[1]
    name = f"moco_bench_plugin_{path.stem}_{digest[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    _forget_neighbours(path)
    _BESIDE.know(path)
    sys.modules[name] = module
    _LOADED[path] = (digest, module)
    try:
        with redirect_stdout(sys.stderr):  # what it prints is no part of a plan
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del _LOADED[path], sys.modules[name]
        raise InputError(f"{_place(error, path.parent, shown)}: {_in_words(error)}") from None
    for idea in ideas_in(module).values():
        idea.code = digest
    return module


def _forget_neighbours(path: Path) -> None:
    """Modules of these names that another plug-in has imported from its own folder, or that have changed."""
    for neighbour in neighbours(path)[1:]:
        sys.modules.pop(neighbour.parent.name if neighbour.stem == "__init__" else neighbour.stem, None)


def code_hash(path: Path) -> str:
    """The sha256 of a file and of what it imports beside itself."""
    digest = hashlib.sha256()
    for file in neighbours(path):
        digest.update(hashlib.sha256(str(file.relative_to(path.parent)).encode() + b"\0" + file.read_bytes()).digest())
    return digest.hexdigest()


def neighbours(path: Path) -> list[Path]:
    """A file, first, and all files of its folder that it imports, directly or through others."""
    found, waiting = [path], [path]
    while waiting:
        for name in _imported(waiting.pop()):
            if _is_known_elsewhere(path, name):
                continue
            beside = path.parent / f"{name}.py"
            package = path.parent / name
            files = [beside] if beside.is_file() else sorted(package.rglob("*.py")) if package.is_dir() else []
            new = [file for file in files if file not in found]
            found += new
            waiting += new
    return [path, *sorted(found[1:])]


def _lies_beside(path: Path, name: str) -> bool:
    return (path.parent / f"{name}.py").is_file() or (path.parent / name / "__init__.py").is_file()


def _is_known_elsewhere(path: Path, name: str) -> bool:
    """Whether a module of this name is Python's, this package or an installed one's: no other may take its place."""
    if name in sys.stdlib_module_names or name == "moco_bench":
        return True
    found = PathFinder.find_spec(name)
    return found is not None and bool(found.origin) and not Path(str(found.origin)).is_relative_to(path.parent)


def _imported(path: Path) -> set[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return set()  # found again, with its line, when it is imported
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
    return names


def blame(error: BaseException) -> str | None:
    """A plug-in's mistake in one line with its file and line; None where no plug-in took part."""
    folders = {path.parent for path in _LOADED}
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        file = Path(frame.filename)
        if file in _LOADED or (file.parent in folders and file.suffix == ".py"):
            return f"{file}:{frame.lineno}: {_in_words(error)}"
    return None


def _place(error: BaseException, folder: Path, shown: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(folder)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(shown)


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _line_of(idea: type[Component]) -> int:
    import inspect

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
            raise InputError(f"entry point {name!r} of {GROUP}, module {point.module}: {_in_words(error)}") from None
        if module.__file__ is None:
            continue
        for idea in ideas_in(module).values():
            idea.code = code_hash(Path(module.__file__))
            found[idea.kind, str(idea.title())] = idea
    return found


def described(plugins: Plugins) -> list[dict[str, Any]]:
    """What a suite's copy in the results has to hold of its plug-ins, as plain values: the ideas without their code."""
    return [_described(idea) for classes in plugins.ideas.values() for idea in classes.values()]


def _described(idea: type[Component]) -> dict[str, Any]:
    fields = {name: info for name, info in idea.model_fields.items() if name != idea.tag}
    return {
        "kind": idea.kind,
        "name": idea.title(),
        "code": idea.code,
        "summary": idea.summary(),
        "source": idea.source,
        "cost": idea.cost,
        "flags": {flag: getattr(idea, flag) for flag in idea.flags},
        "required": [name for name, info in fields.items() if info.is_required()],
        "defaults": {
            name: info.get_default(call_default_factory=True) for name, info in fields.items() if not info.is_required()
        },
    }


def from_description(descriptions: object) -> Plugins:
    """The inverse of `described`: ideas that can be named, compared and told of, but not carried out.

    Raises:
        InputError: not what `described` gives.
    """
    from typing import Literal

    from pydantic import create_model

    ideas: dict[str, Classes] = {}
    try:
        for told in descriptions:  # type: ignore[attr-defined]
            kind, name = told["kind"], told["name"]
            base: Any = next(cls for cls in next(iter(built_in(kind).values())).__mro__ if "kind" in vars(cls))
            fields: dict[str, Any] = dict.fromkeys(told["required"], (Any, ...))
            fields |= {key: (Any, value) for key, value in told["defaults"].items()}
            fields[base.tag] = (Literal[name], name)
            make: Any = create_model
            idea = make(f"Told_{kind}", __base__=base, __doc__=told["summary"], **fields)
            for attribute in ("code", "source", "cost"):
                setattr(idea, attribute, told[attribute])
            for flag, value in told["flags"].items():
                setattr(idea, flag, value)
            ideas.setdefault(kind, {})[name] = idea
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"recorded_plugins: not what `collect` writes ({_in_words(error)})") from None
    return Plugins(ideas)
