"""Documents lead where they say: every relative link has a target, and the index of decisions lists each one."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs/decisions"
LINK = re.compile(r"\]\(([^)\s]+)\)")


def documents() -> list[Path]:
    """All Markdown files that git tracks, or all below the usual folders where git is absent."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    files = [ROOT / name for name in listed.splitlines()] or [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    return [file for file in files if file.exists()]


def anchors(file: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_have_a_target(document: Path) -> None:
    dead = []
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_the_index_lists_every_decision_once_with_its_title() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(\d+)\]\(([^)]+)\): (.+)$", index, flags=re.MULTILINE)
    titles = {}
    for file in DECISIONS.glob("[0-9]*.md"):
        number, title = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").split(" · ", 1)
        titles[(number, file.name)] = title
    assert sorted((number, name) for number, name, _ in listed) == sorted(titles)
    assert {(number, name): title for number, name, title in listed} == titles


def test_a_decision_that_is_named_exists() -> None:
    numbers = {file.name[:3] for file in DECISIONS.glob("[0-9]*.md")}
    unknown = []
    for folder in ("moco_bench", "docs", "config", "workflow", "tests"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in {".py", ".md", ".smk", ".yaml"}:
                named = re.findall(r"[Dd]ecision (\d{3})\b", file.read_text(encoding="utf-8"))
                unknown += [(number, str(file.relative_to(ROOT))) for number in named if number not in numbers]
    assert unknown == []
