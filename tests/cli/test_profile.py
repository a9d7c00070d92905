"""`moco-bench profile` tells of bad input and places before it measures anything."""

from pathlib import Path

import pytest
import yaml

from moco_bench.cli import profile as profile_command
from moco_bench.cli.main import main
from moco_bench.cli.profile import _check_places
from moco_bench.profile import run as run_module

SUITE = {
    "name": "small",
    "dataset": "digits",
    "encoder": {"name": "resnet-compact", "width": 8},
    "train": {"epochs": 1},
    "arms": {"vanilla": None},
    "profile": {"repeats": 2},
}


def test_bad_input_is_one_line_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump({**SUITE, "profile": {"repeat": 2}}))
    assert main(["profile", str(tmp_path / "suite.yaml"), "--results", str(tmp_path / "results")]) == 2
    assert "did you mean 'repeats'?" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.fixture
def unmeasured(tmp_path, monkeypatch) -> Path:
    """A suite file that nobody may begin to measure, in a folder beside a file and a folder."""
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(SUITE))
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    for name in ("profile_suite", "first_steppers"):
        monkeypatch.setattr(run_module, name, lambda *given, **more: pytest.fail("measured"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--results", "file"], "--results: file is a file"),
        (["--results", "file/inner"], "--results: file is a file"),
        (["--results", "file", "--costs"], "--results: file is a file"),
        (["--trace", "folder"], "--trace: folder is a folder"),
        (["--trace", "file/t.json"], "--trace: file is a file"),
        (["--results", "new", "--trace", "new"], "--trace: new is a folder"),
        (["--results", "new", "--trace", "new/small/profile"], "--trace: new/small/profile is a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_anything_is_measured(unmeasured, given, said, capsys):
    before = sorted(unmeasured.rglob("*"))
    assert main(["profile", "suite.yaml", *given]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"moco-bench: {said}; ")
    assert complaint.count("\n") == 1
    assert sorted(unmeasured.rglob("*")) == before


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (["--results", "folder"], "folder"),
        (["--results", "folder/new"], "folder"),
        (["--trace", "folder/new/t.json"], "folder"),
    ],
)
def test_a_folder_of_somebody_else_is_told_too(unmeasured, given, place, capsys, monkeypatch):
    monkeypatch.setattr(profile_command.os, "access", lambda path, mode: Path(path) != Path(place))
    assert main(["profile", "suite.yaml", *given]) == 2
    assert f"{given[0]}: no permission to write to {place}; " in capsys.readouterr().err
    assert list((unmeasured / "folder").iterdir()) == []
    assert not (unmeasured / "results").exists()


def test_places_that_are_not_there_yet_are_no_mistake(unmeasured):
    _check_places(Path("new/small/profile"), "--trace", Path("another/new/t.json"))
    assert not (unmeasured / "new").exists()
    assert not (unmeasured / "another").exists()


def test_help_says_what_a_trace_is_of(capsys):
    with pytest.raises(SystemExit):
        main(["profile", "--help"])
    assert "on the suite's first data set with its first encoder only" in " ".join(capsys.readouterr().out.split())
