"""What documents tell a reader to type is understood: commands parse, targets exist, Python and suites are valid."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from moco_bench.cli import main as command_line
from moco_bench.suite.load import parse_suite

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/guide.md",
    "CONTRIBUTING.md",
    "docs/clusters.md",
    "docs/profiling.md",
    "docs/performance.md",
    "docs/measurements.md",
    "config/README.md",
    "results/README.md",
    "reports/README.md",
)
COMMAND = re.compile(r"(?:^|`|\| |&& )\s*((?:moco-bench|make|snakemake) [^`\n#|&;]+)", flags=re.MULTILINE)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
PLACEHOLDERS = {"DATASET": "digits", "NAME": "mine", "torchvision|timm|safetensors": "timm"}


def text_of(page: str) -> str:
    """A page with wrapped inline code joined again."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.sub(r"`[^`\n]+\n[^`\n]+`", lambda found: found.group().replace("\n", " "), text).replace("\\\n", " ")


def commands(program: str) -> list[str]:
    """All commands of the pages that begin with a program's name."""
    found = {match.strip() for page in PAGES for match in COMMAND.findall(text_of(page))}
    return sorted(command for command in found if command.split()[0] == program)


def blocks(language: str) -> list[tuple[str, str]]:
    """Pages and texts of the fenced blocks in a language."""
    found = []
    for page in PAGES:
        for name, block in FENCED.findall((ROOT / page).read_text(encoding="utf-8")):
            if name == language:
                found.append((page, block))
    return found


@pytest.mark.parametrize("command", commands("moco-bench"))
def test_moco_bench_understands(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [PLACEHOLDERS.get(word, word) for word in shlex.split(command)[1:] if word != "..."]
    name = words[0]
    if name.startswith("-") or len(words) == 1:
        assert name in {"--help", "--version", *command_line.COMMANDS}
        return
    parsed = []
    module = importlib.import_module(f"moco_bench.cli.{name.replace('-', '_')}")
    monkeypatch.setattr(module, "run", lambda options: parsed.append(options) or 0)
    assert command_line._run(words) == 0
    assert len(parsed) == 1


@pytest.mark.parametrize("command", commands("make"))
def test_make_has_the_target(command: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = [word for word in shlex.split(command)[1:] if "=" not in word]
    assert named
    assert set(named) <= targets


@cache
def snakemake_help() -> str:
    """All options that Snakemake knows."""
    command = [sys.executable, "-m", "snakemake", "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.parametrize("command", commands("snakemake"))
def test_snakemake_knows_the_options_and_the_files_exist(command: str) -> None:
    for word in shlex.split(command)[1:]:
        if word.startswith("-"):
            assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", snakemake_help()), word
        if word.startswith(("config/", "profiles/")):
            assert (ROOT / word).exists(), word


@pytest.mark.parametrize(("page", "code"), blocks("python"))
def test_python_compiles_and_imports_what_exists(page: str, code: str) -> None:
    tree = ast.parse(code, filename=page)
    bound = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            for name in node.names:
                assert hasattr(module, name.name), f"{node.module} has no {name.name}"
        if isinstance(node, ast.Import):
            bound |= {name.name: importlib.import_module(name.name) for name in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in bound:
            assert hasattr(bound[node.value.id], node.attr)


@pytest.mark.parametrize(("page", "text"), blocks("yaml"))
def test_whole_suites_are_accepted(page: str, text: str) -> None:
    raw = yaml.safe_load(text)
    if "arms" in raw:
        assert len(parse_suite(raw, page).arms) >= 2


def test_suites_and_documents_that_readme_names_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w-]+\.yaml)`", readme)
    assert sorted(set(named)) == sorted(path.name for path in (ROOT / "config").glob("*.yaml"))
    for path in re.findall(r"`((?:tests|docs|config|profiles|\.ci)/[\w./-]+)`", readme):
        assert (ROOT / path).exists(), path


def test_commands_were_found() -> None:
    assert len(commands("moco-bench")) > 15
    assert {"make report", "make test"} <= set(commands("make"))
