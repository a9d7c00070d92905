"""Snakemake in a scratch directory, driven through its command line's entry point and read through what it prints."""

import copy
import io
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.cli import main as snakemake_main

sys.path.insert(0, str(Path(__file__).parent))

from pretended import pretend

ROOT = Path(__file__).parents[2]

SUITE: dict[str, Any] = {
    "name": "tiny",
    "dataset": "digits",
    "encoder": {"name": "resnet-compact", "width": 8},
    "contrast": {"queue_size": 512},
    "train": {"epochs": 1, "batch_size": 64},
    "evaluate": {"knn_k": 20},
    "seeds": 2,
    "arms": {
        "vanilla": {},
        "dual": {"contrast": {"dual_view": "key-in-batch"}},
        "filter": {"contrast": {"negatives": {"rule": "hardest", "fraction": 0.25}}},
        "both": {"contrast": {"dual_view": "key-in-batch", "negatives": {"rule": "hardest", "fraction": 0.25}}},
    },
}


@dataclass(frozen=True)
class Outcome:
    """How a Snakemake ended and what it printed."""

    code: int
    text: str

    @property
    def jobs(self) -> set[str]:
        """What a dry run would do, in the words of the rules' messages."""
        return set(re.findall(r"^Job \d+: (.*)$", self.text, flags=re.MULTILINE)) - {"The suite is complete"}

    @property
    def counts(self) -> dict[str, int]:
        """Jobs of a dry run by rule."""
        table = re.search(r"^job +count\n-+ +-+\n((?:\w+ +\d+\n)+)", self.text, flags=re.MULTILINE)
        rows = [line.split() for line in table[1].splitlines()] if table else []
        return {rule: int(count) for rule, count in rows if rule not in ("all", "total")}


@dataclass(frozen=True)
class Workflow:
    """The project's workflow, at work in a directory of its own."""

    directory: Path

    @property
    def command(self) -> list[str]:
        """Snakemake as a process of its own: to be continued with its options."""
        where = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.directory)]
        return [sys.executable, "-m", "snakemake", *where]

    def write_suite(self, file: str = "suite.yaml", **changes: Any) -> Path:
        """Write the suite of these tests, with changes to it: `arms__both={...}` replaces one arm."""
        suite = copy.deepcopy(SUITE)
        for key, value in changes.items():
            *outer, last = key.split("__")
            section = suite
            for name in outer:
                section = section.setdefault(name, {})
            section[last] = value
        path = self.directory / file
        path.write_text(yaml.safe_dump(suite, sort_keys=False))
        return path

    def run(self, *arguments: str | Path) -> Outcome:
        """Run Snakemake in this process."""
        where = self.command[3:]
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as ended:
            snakemake_main([*where, *map(str, arguments)])
        return Outcome(int(ended.value.code or 0), printed.getvalue())

    def plan(self, suite: Path, *arguments: str) -> Outcome:
        """A dry run that has to succeed."""
        outcome = self.run("--dry-run", *arguments, "--configfile", suite)
        assert outcome.code == 0, outcome.text
        return outcome

    def pretend(self, suite: Path) -> None:
        """Leave what a finished suite leaves, without training."""
        pretend(suite, self.directory)


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    """A workflow in a directory where nothing has run."""
    return Workflow(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A workflow whose suite has run to its end. Tests of a module share it, so they may plan but not run."""
    workflow = Workflow(tmp_path_factory.mktemp("finished"))
    workflow.pretend(workflow.write_suite())
    return workflow
