"""What a plug-in's file may be or do: it is read, or refused in one line, and changes nothing around it."""

import json
import random
import sys

import pytest
import yaml

from moco_bench.cli.main import main

IDEA = """{head}
from typing import Literal
from pydantic import Field
from moco_bench.components import Negatives


class Mine(Negatives):
    \"\"\"Mine.\"\"\"

    rule: Literal[{name!r}] = {name!r}
    {field}
"""


def idea(head="", name="mine", field="power: float = 1.0"):
    return IDEA.format(head=head, name=name, field=field)


def plan(folder, text, capsys, *, files=(), plugins=("mine.py",), negatives="mine"):
    (folder / "mine.py").write_text(text)
    for name in files:
        (folder / name).write_text("value = 1\n")
    suite = {
        "name": "s", "plugins": list(plugins), "dataset": "digits", "encoder": {"name": "resnet-compact", "width": 8},
        "contrast": {"queue_size": 64}, "train": {"epochs": 1, "batch_size": 32}, "seeds": 1,
        "arms": {"vanilla": None, "own": {"contrast": {"negatives": negatives}}},
    }  # fmt: skip
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))
    code = main(["plan", str(folder / "suite.yaml"), "--json", "--results", str(folder / "results")])
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (idea("raise SystemExit(3)"), "mine.py:1: SystemExit: 3"),
        (idea("import sys; sys.exit('no')"), "mine.py:1: SystemExit: no"),
        (idea("def f(): f()\nf()"), "mine.py:1: RecursionError"),
        (idea(name="a/b"), "mine.py:7: 'a/b' is no name for an idea"),
        (idea(name="../x"), "'../x' is no name for an idea"),
        (idea(name=""), "'' is no name for an idea"),
        (idea(name="a\nb"), "is no name for an idea"),
        (idea(name="x" * 65), "is no name for an idea"),
        (idea(field="code: str = 'x'"), "mine.py:7: `code` has a meaning of its own"),
        (idea(field="source: str = 'x'"), "`source` has a meaning of its own"),
        (idea(field="log_weight: float = 1.0"), "`log_weight` has a meaning of its own"),
        (idea(field="items: list[int] = [1]"), "`items` is a list; settings don't change, so `tuple"),
        (idea(field="items: set[int] = {1}"), "`items` is a set; settings don't change"),
        (idea(field="power: float = float('nan')"), "the default of `power` can't be written down"),
        (idea(field="thing: object = print"), "the default of `thing` can't be written down"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, capsys, text, said):
    code, out, err = plan(tmp_path, text, capsys)
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]


def test_a_file_that_is_named_twice_is_told(tmp_path, capsys):
    (tmp_path / "within").mkdir()
    code, _, err = plan(tmp_path, idea(), capsys, plugins=("mine.py", "within/../mine.py"))
    assert code == 2
    assert "mine.py: named twice; once is enough" in err


def test_what_it_prints_is_no_part_of_a_plan(tmp_path, capsys):
    code, out, err = plan(tmp_path, idea("print('hello')"), capsys)
    assert code == 0
    assert [run["arm"] for run in json.loads(out)] == ["vanilla", "own"]
    assert "hello" in err


@pytest.mark.parametrize("name", ["json", "random", "torch", "yaml"])
def test_a_neighbour_never_takes_the_place_of_a_module_that_is_known(tmp_path, capsys, name):
    before = sys.modules.get(name)
    code, _, err = plan(tmp_path, idea(f"import {name}"), capsys, files=(f"{name}.py",))
    assert code == 2
    assert f"imports {name}, which is a module of Python or of an installed package" in err
    assert sys.modules.get(name) is before
    assert random.random() < 1
    assert plan(tmp_path, idea(), capsys, files=(f"{name}.py",))[0] == 0, "what isn't imported may be called anything"


def test_an_idea_beside_the_package_itself_is_hashed_alone(tmp_path, capsys):
    (tmp_path / "moco_bench").mkdir()
    (tmp_path / "moco_bench" / "__init__.py").write_text("raise RuntimeError\n")
    code, first, _ = plan(tmp_path, idea("import moco_bench"), capsys)
    assert code == 0
    (tmp_path / "moco_bench" / "__init__.py").write_text("# another version\n")
    assert plan(tmp_path, idea("import moco_bench"), capsys)[1] == first
