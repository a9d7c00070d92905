"""No circle of imports between modules of the package, those within functions included."""

import ast
from graphlib import TopologicalSorter
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
