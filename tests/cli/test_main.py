"""What holds of every command: bad input is one line and exit code 2, help has an example."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from moco_bench.cli.main import COMMANDS, main

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"
RUN = "digits/resnet-compact/both/seed0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        ([], "required: COMMAND"),
        (["plan"], "SUITE.yaml"),
        (["plan", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["prepare", str(SMOKE), "--dataset", "mnist"], "it has digits"),
        (["pretrain", str(SMOKE), "--run", "../../etc"], "has no run"),
        (["evaluate", str(SMOKE), "--run", RUN], "no such file"),
        (["evaluate", str(SMOKE), "--floors", "x"], "no data set 'x'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(arguments) == 2

    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert ended.value.code == 0
    assert f"moco-bench {command}" in capsys.readouterr().out.split("example:")[1]


def test_a_full_disk_is_one_line(tmp_path, monkeypatch, capsys):
    import os

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    assert main(["prepare", str(SMOKE), "--dataset", "digits", "--results", str(tmp_path)]) == 1

    error = capsys.readouterr().err
    path = tmp_path / "smoke" / "data" / "digits.json"
    assert error == f"moco-bench: No space left on device: {path}; free some space, then run the same command again\n"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("command", ["plan", "status", "collect", "prepare", "pretrain"])
@pytest.mark.parametrize("given", ["link", "link/inner"])
def test_results_that_are_a_link_to_nowhere_are_bad_input(command, given, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("unplugged")

    assert main([command, str(SMOKE), "--results", given]) == 2
    error = capsys.readouterr().err
    assert error == (
        "moco-bench: --results: link: a link to unplugged, which is not there; make that folder, or remove the link\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


@pytest.mark.parametrize("command", ["plan", "status", "collect", "pretrain", "profile"])
@pytest.mark.parametrize("given", ["file", "file/inner"])
def test_results_that_are_a_file_are_bad_input(command, given, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("kept")

    assert main([command, "suite.yaml", "--results", given]) == 2
    remedy = "move it away, or give another --results"
    assert capsys.readouterr().err == f"moco-bench: --results: file is a file; a folder would be right: {remedy}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("command", [["status", str(SMOKE)], ["--help"]])
def test_output_that_nobody_reads_is_dropped_without_a_word(command, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        asked = [sys.executable, "-m", "moco_bench.cli.main", *command]
        ended = subprocess.run(asked, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120)
    finally:
        os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("command", "code"), [("plan", 0), ("status", 0), ("collect", 1), ("pretrain", 1)])
def test_a_closed_pipe_ends_well_only_what_makes_no_files(command, code, monkeypatch, capsys):
    def print_in_vain(options):
        raise BrokenPipeError

    monkeypatch.setattr(importlib.import_module(f"moco_bench.cli.{command}"), "run", print_in_vain)

    assert main([command, str(SMOKE), *(["--run", RUN] if command == "pretrain" else [])]) == code
    assert ("nobody reads its output" in capsys.readouterr().err) == (code == 1)
