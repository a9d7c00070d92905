"""A signal that comes while a command still imports its libraries, which takes seconds: exit 75, and nothing begun."""

import subprocess
import sys
from pathlib import Path

import pytest

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"
RUN = "digits/resnet-compact/both/seed0"

STRUCK_ON_IMPORT = """
import os, signal, sys

class Strike:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            os.kill(os.getpid(), signal.Signals[sys.argv[1]])
        return None

sys.meta_path.insert(0, Strike())
from moco_bench.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.slow  # starts processes
@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])
@pytest.mark.parametrize(
    "arguments", [["pretrain", "--run", RUN], ["evaluate", "--floors", "digits"]], ids=["pretrain", "evaluate"]
)
def test_a_signal_before_torch_is_there(arguments, number, tmp_path):
    command, *rest = arguments
    ended = subprocess.run(
        [sys.executable, "-c", STRUCK_ON_IMPORT, number, command, str(SMOKE), *rest, "--results", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 75, ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "interrupted by" in ended.stderr
    assert list(tmp_path.iterdir()) == []
