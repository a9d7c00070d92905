"""The map leads somewhere: every file and name in docs/architecture.md exists, and its layers are the checked ones."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
ELSEWHERE = ("workflow/", "tests/", "docs/", "config/", "benchmarks/")
REFERENCE = re.compile(r"`([\w./-]+/(?:[\w.-]+\.\w+(?::[\w.]+)?)?)`")


def references() -> list[str]:
    """All `folder/`, `folder/file.py` and `folder/file.py:name` of the page that aren't placeholders or results."""
    found = set(REFERENCE.findall(PAGE))
    return sorted(found - {"moco_bench/", "results/", "profile/"})


@cache
def names_in(file: Path) -> set[str]:
    """The functions, classes, their methods, and constants that a module defines."""
    names = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{item.name}" for item in node.body if isinstance(item, ast.FunctionDef)}
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize("reference", references())
def test_what_the_map_names_exists(reference: str) -> None:
    path, _, name = reference.partition(":")
    file = (ROOT if path.startswith(ELSEWHERE) else ROOT / "moco_bench") / path
    assert file.exists(), f"docs/architecture.md names {path}, which isn't there"
    assert not name or name in names_in(file), f"docs/architecture.md names {name}, which {path} doesn't define"


def test_the_map_is_not_empty() -> None:
    assert len(references()) > 60


def test_layers_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    checked = [layer.removeprefix("moco_bench.") for layer in contracts[0]["layers"]]
    block = PAGE.split("## Layers")[1].split("```")[1]
    assert [line.split()[0] for line in block.strip().splitlines()] == checked


def test_every_arrow_has_its_row() -> None:
    picture = (ROOT / "docs/architecture.svg").read_text(encoding="utf-8")
    drawn = sorted(re.findall(r'class="number"[^>]*>(\d+)<', picture), key=int)
    rows = re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)
    assert drawn == rows == [str(number) for number in range(1, len(rows) + 1)]
