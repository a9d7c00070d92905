"""Tests that documents and the GPU check name are there, and unit tests lie where the module lies that they are of."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
NAMED = re.compile(r"[\w/]*test_\w+\.py")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "tools/gpu_check.py"]
SEVERAL_LAYERS = {"benchmarks", "browser", "cluster", "docs", "examples", "reliability", "tools", "workflow"}


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


def test_folders_of_tests_mirror_those_of_the_package() -> None:
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")} - {Path()}
    mirrored = {folder for folder in folders if folder.parts[0] not in SEVERAL_LAYERS}
    assert len(mirrored) > 20
    assert not [folder for folder in mirrored if not (ROOT / "moco_bench" / folder).is_dir()]
