import subprocess
import sys

import pytest

from moco_bench.cli.main import main
from moco_bench.components.plugins import load_plugins
from moco_bench.components.templates import TEMPLATES, USED_AS


def test_every_kind_that_can_be_written_says_how_it_is_used():
    assert TEMPLATES.keys() == USED_AS.keys()


def test_what_it_writes_works_and_its_tests_pass(tmp_path, capsys):
    for kind in sorted(TEMPLATES):
        assert main(["new", kind, f"my-own_{kind}2", "--folder", str(tmp_path / "ideas")]) == 0
        said = capsys.readouterr().out
        assert f"{tmp_path / 'ideas' / f'my_own_{kind}2.py'}: the idea" in said
        assert "{negatives: my-own_negatives2}" in said or kind != "negatives"
        found = load_plugins([tmp_path / "ideas" / f"my_own_{kind}2.py"]).ideas[kind]
        assert [idea.__name__ for idea in found.values()] == [f"MyOwn{kind.capitalize()}2"]
        assert list(found) == [f"my-own_{kind}2"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "ideas")]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    files = [f"my_own_{kind}2.py" for kind in TEMPLATES]
    assert all((tmp_path / "ideas" / f"test_{file}").exists() for file in files)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["negatives", "hardest"], "is the name of a built-in"),
        (["negatives", "Mine"], "small letters"),
        (["negatives", "../mine"], "small letters"),
        (["no-such-kind", "mine"], "invalid choice"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(arguments, said, tmp_path, capsys):
    assert main(["new", *arguments, "--folder", str(tmp_path / "ideas")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "ideas").exists()


def test_no_file_is_written_over(tmp_path, capsys):
    (tmp_path / "test_mine.py").write_text("mine\n")
    assert main(["new", "objective", "mine", "--folder", str(tmp_path)]) == 2
    assert "test_mine.py: is there already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["test_mine.py"]
