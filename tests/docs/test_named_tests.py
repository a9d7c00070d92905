"""Tests that documents and the GPU check name are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"[\w/]*test_\w+\.py")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "tools/gpu_check.py"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_tests_that_a_page_names_are_there(page: Path) -> None:
    names = set(NAMED.findall(page.read_text(encoding="utf-8")))
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in ("tests", "benchmarks")
        for path in (ROOT / folder).rglob("test_*.py")
    }
    missing = [name for name in names if not any(path == name or path.endswith(f"/{name}") for path in there)]
    assert not missing
