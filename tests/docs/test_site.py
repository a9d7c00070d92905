"""The documentation site builds without a warning and loads nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOADED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]*\bsrc=["']?(https?:[^"'>\s]+)|<link[^>]*href=["']?(https?:[^"'>\s]+)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material", reason="the extra docs isn't installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120,
                           env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    loaded = {str(page.relative_to(site)): LOADED.findall(page.read_text()) for page in site.rglob("*.html")}
    assert len(loaded) > 40
    assert {page: found for page, found in loaded.items() if found} == {}


def test_pages_from_outside_of_docs_are_there_and_linked(site: Path) -> None:
    start, guide = (site / "index.html").read_text(), (site / "guide.html").read_text()
    assert 'href="repository/config/README.html"' in start or 'href="repository/config/index.html"' in start
    assert "repository/config/index.html#tune" in guide
    assert "```mermaid" not in (ROOT / "docs/architecture.md").read_text(), "its renderer would come from elsewhere"
