"""A signal ends Snakemake with its jobs in one line, at the start too (`begin`); the same command continues."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_kills import LONG, PATIENCE, RUN, start, wait_for_a_checkpoint

from moco_bench.locks import Lock
from moco_bench.train.signals import end_at_once, handled_by
from moco_bench.workflow import leave_signals_to_snakemake

SCRIPT = Path(__file__).parents[2] / "workflow" / "report.sh"
STOPS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1]

pytestmark = pytest.mark.usefixtures("quick_commands")


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_to_the_group_ends_snakemake_in_one_line(workflow: Any, number: signal.Signals) -> None:
    suite = workflow.write_suite(**LONG | {"arms": {"both": {}}, "baseline": "both"})
    with start(workflow, suite) as snakemake:
        wait_for_a_checkpoint(workflow, snakemake, 0)
        os.killpg(snakemake.pid, number)
        try:
            text, _ = snakemake.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(snakemake.pid, signal.SIGKILL)
            pytest.fail("it hangs")

    assert snakemake.returncode == 75, text
    assert text.splitlines()[-1] == f"moco-bench: suite tiny interrupted by {number.name}; the same command continues"
    assert "Error" not in text
    assert "Trying to restart" not in text
    assert not (workflow.directory / RUN / "run.json").exists()
    assert (workflow.directory / RUN.replace("/runs/", "/checkpoints/") / "latest.ckpt").exists()
    assert Lock(workflow.directory / "results/tiny/.lock").acquire()


STRIKER = """
import os, signal, sys, time
told = {told!r}
words = " ".join(sys.orig_argv)

def strike():
    if not os.path.exists(told):
        open(told, "w").close()
        os.killpg(0, {number})
        time.sleep(0.1)

class Strike:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r} and {words!r} in words:
            strike()
        return None

sys.meta_path.insert(0, Strike())
"""
"""A `sitecustomize` that sends a signal to the group where a command of these words imports this module."""


@pytest.mark.parametrize("number", STOPS)
@pytest.mark.parametrize(
    ("words", "module"),
    [
        ("plan", "moco_bench.errors"),
        ("plan", "moco_bench.cli.plan"),
        ("load_suite", "moco_bench.suite.load"),
        ("snakemake", "moco_bench.errors"),
        ("snakemake", "snakemake.workflow"),
    ],
)
def test_a_signal_at_the_start_ends_the_script_in_one_line(
    workflow: Any, number: signal.Signals, words: str, module: str, tmp_path: Path
) -> None:
    suite = workflow.write_suite(seeds=1, arms={"both": {}}, baseline="both")
    hooks, told = tmp_path / "hooks", tmp_path / "struck"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(
        STRIKER.format(told=str(told), number=int(number), module=module, words=words)
    )
    given = {**os.environ, "PYTHONPATH": str(hooks), "BIN": str(Path(sys.executable).parent)}
    command = ["sh", SCRIPT, suite, "--cores", "1", "--snakefile", SCRIPT.parents[1] / "Snakefile", "--dry-run"]
    ended = run_in_a_group(command, tmp_path, given)

    assert told.exists()
    assert ended.returncode == 75, ended.stderr
    lines = [line for line in ended.stderr.splitlines() if not line.startswith("warning: ")]
    assert lines == [f"moco-bench: interrupted by {number.name}; the same command continues"]
    assert "html" not in ended.stdout


def run_in_a_group(command: list[Any], folder: Path, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    with subprocess.Popen(
        command, cwd=folder, env=given, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            said, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail("it hangs")
    return subprocess.CompletedProcess(command, process.returncode, said, errors)


def test_on_a_cluster_signals_are_snakemakes() -> None:
    with handled_by(end_at_once):
        leave_signals_to_snakemake()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
