"""What documents tell a reader to type works: blocks run in order in a scratch checkout, large suites made tiny.

Commands stay as they are; only the suites that they name are replaced. A block that cannot run here is marked in its
document by a comment before it, `<!-- not run by the tests: needs Slurm -->`, and only parsed (`test_commands.py`).
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_commands")]

ROOT = Path(__file__).parents[2]
MARK = "<!-- not run by the tests: "
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```|((?:^ {4}[^\n]*\n)+)", flags=re.MULTILINE | re.DOTALL)
PAGES = ("README.md", "docs/guide.md")


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of the fenced and indented blocks that aren't marked, in their order."""
    text, found = (ROOT / page).read_text(encoding="utf-8"), []
    for match in BLOCK.finditer(text):
        marked = text[: match.start()].rstrip().rpartition("\n")[2].startswith(MARK)
        if not marked and (match[2] or match[3] or "").strip():
            found.append((match[1] or "", match[2]) if match[2] else ("", re.sub(r"^ {4}", "", match[3], flags=re.M)))
    return found


def commands(page: str) -> list[str]:
    """The blocks of commands."""
    starts = (".", "moco-bench", "snakemake", "make", "cd", "pip", "torchrun")
    return [text for name, text in blocks(page) if name == "" and text.split()[0] in starts]


def tiny(title: str) -> str:
    """A suite of one run, done in seconds, with the places that the quickstart's has; suites share it."""
    values = yaml.safe_load((ROOT / "config/smoke.yaml").read_text(encoding="utf-8"))
    values |= {"name": title, "seeds": 1, "arms": {"vanilla": None}}
    values["dataset"] = {"name": "fashion-scenes-5k", "train_limit": 200, "test_limit": 50}
    values["train"] |= {"epochs": 1}
    values["contrast"] |= {"filter_warmup_steps": 0}
    values["evaluate"] |= {"corruptions": False, "probe": {"c_values": [1.0]}}
    return yaml.safe_dump(values, sort_keys=False)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in a home folder, beside a study of one's own; its environment is this one."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "moco_bench"
    folder.mkdir()
    for name in ("Snakefile", "Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("workflow", "profiles", "config", "examples"):
        shutil.copytree(ROOT / name, folder / name)
    environment = folder / ".venv"
    (environment / "bin").mkdir(parents=True)
    for program in Path(sys.executable).parent.iterdir():
        if program.name.startswith("python"):  # a link to it would not find its packages
            (environment / "bin" / program.name).write_text(f'#!/bin/sh\nexec "{program}" "$@"\n')
            (environment / "bin" / program.name).chmod(0o755)
        else:
            (environment / "bin" / program.name).symlink_to(program)
    (environment / "bin/activate").unlink(missing_ok=True)
    (environment / "bin/activate").write_text(f'PATH="{environment / "bin"}:$PATH"\n')
    for installed in (".installed", ".installed-dev"):
        (environment / installed).touch()
    (folder / "config/quickstart.yaml").write_text(tiny("quickstart"))
    (folder / "config/cifar10-cpu.yaml").write_text(tiny("cifar10-cpu"))
    (home / "my-study").mkdir()
    (home / "my-study/study.yaml").write_text(tiny("study"))
    return folder


def run(script: str, folder: Path, seconds: int = 300) -> str:
    """What a block of commands prints; it ends at the first command that fails."""
    home = folder if folder.name != "moco_bench" else folder.parent
    found = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, timeout=seconds,
        env={**os.environ, "HOME": str(home), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert found.returncode == 0, f"{script}\n{found.stdout[-2000:]}\n{found.stderr[-3000:]}"
    return found.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run_in_their_order(page: str, checkout: Path) -> None:
    scripts = commands(page)
    assert len(scripts) >= 2
    for script in scripts:
        run(script, checkout)
    assert (checkout / "reports/quickstart/report.html").exists()
    assert (checkout / "reports/cifar10-cpu/report.html").exists()


def test_python_of_the_readme_and_the_guide_runs(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)
    if not (checkout / "reports/quickstart/report.html").exists():
        run(commands("README.md")[0], checkout)
    unit = torch.nn.functional.normalize
    for page in PAGES:
        names: dict[str, Any] = {
            "images": torch.zeros(2, 3, 32, 32, dtype=torch.uint8),
            **{name: unit(torch.randn(n, 16), dim=1) for name, n in (("query", 4), ("key", 4), ("queue", 32))},
        }
        found = [text for language, text in blocks(page) if language == "python"]
        assert found
        for text in found:
            exec(compile(text, page, "exec"), names)
        if page == "README.md":
            assert names["features"].shape[0] == 2
            assert names["loss"].ndim == 0
        else:
            assert 0 < names["metrics"]["knn_top1"] <= 100


def test_the_tutorial_of_ideas_runs(tmp_path: Path) -> None:
    """With one arm of each idea and one seed; `tests/examples` runs all of it."""
    shutil.copytree(ROOT / "examples", tmp_path / "mine")
    suite = yaml.safe_load((tmp_path / "mine/mine.yaml").read_text(encoding="utf-8"))
    suite |= {"seeds": 1, "arms": {name: suite["arms"][name] for name in ("vanilla", "soft")}}
    (tmp_path / "mine/mine.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))
    new, steps = commands("docs/plugins.md")
    (tmp_path / "empty").mkdir()
    run(new, tmp_path / "empty")
    assert sorted(path.name for path in (tmp_path / "empty/ideas").glob("[as]*.py")) == ["align_uniform.py", "soft.py"]
    run(steps, tmp_path / "mine")
    assert (tmp_path / "mine/reports/mine/report.html").exists()


def test_marked_blocks_say_what_they_need() -> None:
    needs = set()
    for page in (*PAGES, "docs/plugins.md", "docs/clusters.md"):
        needs |= set(re.findall(re.escape(MARK) + r"(.*?) -->", (ROOT / page).read_text(encoding="utf-8")))
    assert all(need.startswith(("needs ", "is ")) for need in needs), needs
