"""What is asked of Slurm, with commands that only pretend to be Slurm's."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from moco_bench.slurm import LiveJob, live_jobs, sacct_answers, take_over, wait_for_older_jobs


@pytest.fixture
def command(tmp_path, monkeypatch):
    """A function that puts a shell script on the path under a name."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()

    def make(name: str, script: str) -> None:
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return make


@pytest.mark.parametrize(
    ("script", "answers"),
    [("exit 0", True), ("echo 'Slurm accounting storage is disabled' >&2; exit 1", False), ("exec sleep 60", False)],
)
def test_whether_sacct_answers(script, answers, command):
    command("sacct", script)

    assert sacct_answers(seconds=1.0) is answers


def test_jobs_of_this_suite_and_folder_are_ours(command, tmp_path):
    lines = [
        f"1|RUNNING|mine_of_abc|{tmp_path}", f"2|RUNNING|other_of_abc|{tmp_path}", "3|RUNNING|mine_of_abc|/", "?",
        f"4|PENDING|mine_of_two_of_abc|{tmp_path}",
    ]  # fmt: skip
    command("squeue", "\n".join(f"echo '{line}'" for line in lines))

    assert [job.number for job in live_jobs("mine", tmp_path)] == ["1"]
    assert [job.number for job in live_jobs("mine_of_two", tmp_path)] == ["4"]


def test_no_answer_is_not_an_empty_queue(command, tmp_path):
    queue, asked = tmp_path / "queue", tmp_path / "asked"
    queue.write_text(f"7|PENDING|mine_of_abc|{tmp_path}\n")
    command("squeue", f"echo >> {asked}; [ $(wc -l < {asked}) -gt 2 ] || exit 1; cat {queue}")
    command("scancel", f"> {queue}")

    wait_for_older_jobs("mine", tmp_path, poll_seconds=0.01)

    assert len(asked.read_text()) == 4  # twice in vain
    assert queue.read_text() == ""


def test_a_slurm_that_never_answers_ends_the_wait_in_one_line(command, tmp_path, capsys):
    command("squeue", "exit 1")

    with pytest.raises(SystemExit) as ended:
        wait_for_older_jobs("mine", tmp_path, poll_seconds=0.01, patience_seconds=0.1)

    assert ended.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_cancellation_that_hangs_is_tried_again(command, tmp_path, monkeypatch):
    def in_vain(*command, **how):
        raise subprocess.TimeoutExpired(command, 1)

    queue = iter([[LiveJob("7", "PENDING", "mine_of_abc", str(tmp_path))], []])
    monkeypatch.setattr("moco_bench.slurm.live_jobs", lambda suite, directory: next(queue))
    monkeypatch.setattr("moco_bench.slurm.subprocess.run", in_vain)

    wait_for_older_jobs("mine", tmp_path, poll_seconds=0.01)


def test_older_jobs_end_before_a_new_snakemake_submits(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("moco_bench.slurm.wait_for_older_jobs.__defaults__", (0.01, 60.0))
    queue = tmp_path / "queue"
    queue.write_text(f"7|PENDING|mine_of_abc|{tmp_path}\n8|RUNNING|mine_of_abc|{tmp_path}\n")
    command("squeue", f"cat {queue}; grep -v '^8' {queue} > {queue}.new; mv {queue}.new {queue}")
    command("scancel", f"echo $* >> {tmp_path}/cancelled; grep -v '^7' {queue} > {queue}.new; mv {queue}.new {queue}")
    command("sacct", "exit 1")
    plugin = ModuleType("plugin")
    monkeypatch.setitem(sys.modules, "plugin", plugin)
    executor = type("Executor", (), {"__module__": "plugin", "run_uuid": "uuid"})()
    workflow = SimpleNamespace(
        scheduler=SimpleNamespace(_executor=executor), executor_settings=SimpleNamespace(status_command="sacct")
    )

    take_over(workflow, "mine", tmp_path)

    assert Path(tmp_path, "cancelled").read_text().split() == ["7"]
    assert workflow.executor_settings.status_command == "squeue"
    assert [plugin.is_query_tool_available(tool) for tool in ("squeue", "sacct")] == [True, False]
    assert executor.run_uuid == "mine_of_uuid"
    assert "(7, 8): waiting until they have ended" in capsys.readouterr().err
