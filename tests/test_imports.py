"""No circle of imports in the package, those within functions included; tests begin with what `make test` installs."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from graphlib import TopologicalSorter
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "moco_bench").rglob("*.py")
}


def imported_by(tree: ast.Module) -> set[str]:
    """Modules of the package that a module imports anywhere but for type checkers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = {f"{node.module}.{name.name}" for name in node.names}
            found |= {member if member in MODULES else node.module for member in members}
    return found & MODULES.keys()


def test_no_circle_of_imports() -> None:
    graph = {name: imported_by(ast.parse(path.read_text(encoding="utf-8"))) - {name} for name, path in MODULES.items()}
    assert sum(map(len, graph.values())) > 1000
    list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


def distributions(required: Iterable[str]) -> set[str]:
    """Normalised names of requirements and of all that they require themselves, extras left out."""
    found: set[str] = set()
    waiting = list(required)
    while waiting:
        requirement = waiting.pop()
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
        if name not in found and "extra ==" not in requirement:
            found.add(name)
            try:
                waiting += metadata.requires(name) or []
            except metadata.PackageNotFoundError:  # of another platform or Python
                continue
    return found


def test_tests_begin_with_what_make_test_installs() -> None:
    """A test file that can't be imported ends pytest before its first test; parts for extras import them when run."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = distributions([*project["dependencies"], *project["optional-dependencies"]["dev"]])
    providers = metadata.packages_distributions()
    for path in sorted({*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "tests").rglob("conftest.py")}):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for top in {name.partition(".")[0] for name in names} - sys.stdlib_module_names:
                folders = [folder for folder in path.parents if folder.is_relative_to(ROOT / "tests")]
                local = (ROOT / top).is_dir() or any((folder / f"{top}.py").exists() for folder in folders)
                known = {name.lower().replace("_", "-") for name in providers.get(top, [])} & installed
                assert local or known, f"{path.relative_to(ROOT)} imports {top}, which `make test` does not install"
