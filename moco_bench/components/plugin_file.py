"""Imports a plug-in's file, hashes it, and finds which of its lines raised an error.

It is imported under a name of its own; it may import modules that lie beside it. Its hash covers both, and belongs to
the fingerprint of every run that uses one of its ideas.
"""

import ast
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from moco_bench.components.registry import ideas_in
from moco_bench.errors import InputError, one_line


class _Neighbours(MetaPathFinder):
    """Finds modules that plug-ins import from their own folders, and nothing else there.

    With the folders in `sys.path`, a plug-in called as some library's optional package would be taken for it.
    """

    def __init__(self) -> None:
        self._files: dict[str, Path] = {}

    def know(self, path: Path) -> None:
        """Make the neighbours of this plug-in importable from now on, also for imports inside its functions."""
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


def import_file(path: Path, shown: Path) -> ModuleType:
    """The module of a resolved file, imported anew where it or what it imports has changed; its ideas know their hash.

    Messages name the file as `shown`.

    Raises:
        InputError: it is missing, takes the name of an installed module from one beside it, or doesn't import.
    """
    if not path.is_file():
        raise InputError(f"{shown}: no such file; `plugins` are looked for beside the suite file")
    for name in sorted(_imported(path)):
        beside = (path.parent / f"{name}.py").is_file() or (path.parent / name / "__init__.py").is_file()
        if name != "moco_bench" and beside and _is_known_elsewhere(path, name):
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
    for file in neighbours(path)[1:]:  # another plug-in may have imported modules of these names, or they have changed
        sys.modules.pop(file.parent.name if file.stem == "__init__" else file.stem, None)
    _BESIDE.know(path)
    sys.modules[name] = module
    _LOADED[path] = (digest, module)
    try:
        with redirect_stdout(sys.stderr):  # what it prints is no part of a plan
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del _LOADED[path], sys.modules[name]
        raise InputError(f"{_place(error, path.parent, shown)}: {in_words(error)}") from None
    for idea in ideas_in(module).values():
        idea.code = digest
    return module


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
    """A plug-in's error in one line with its file and line; None if no plug-in was involved."""
    folders = {path.parent for path in _LOADED}
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        file = Path(frame.filename)
        if file in _LOADED or (file.parent in folders and file.suffix == ".py"):
            return f"{file}:{frame.lineno}: {in_words(error)}"
    return None


def _place(error: BaseException, folder: Path, shown: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(folder)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(shown)


def in_words(error: BaseException) -> str:
    """An error's type and message, in one line."""
    return f"{type(error).__name__}: {one_line(error)[:300]}"
