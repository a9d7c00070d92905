"""The check for a CUDA box, as small as it goes, on a CPU: its plumbing."""

import contextlib
import json
import os
import subprocess
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tools import gpu_check, gpu_equal, gpu_speed

SHELL = Path(gpu_check.__file__).resolve().with_suffix(".sh")

pytestmark = pytest.mark.slow


def test_checks_leave_their_findings_in_one_file(tmp_path):
    out = tmp_path / "found.json"
    parts = ("device", "memory", "step", "losses_equal", "arms", "losses", "feed", "resume", "curve")
    words = [word for part in parts for word in ("--only", part)]

    assert gpu_check.main(["--dry-run", *words, str(out)]) == 0

    found = json.loads(out.read_text())
    assert found.pop("dry_run") is True
    assert set(found) == set(parts)
    assert {found[part]["outcome"] for part in parts if part != "curve"} == {"passed"}
    assert found["curve"]["outcome"].startswith("left out")
    assert found["step"]["float32 eager"]["waits"] == {}
    assert found["memory"]["parts_mib"]["activations"] > 0
    assert found["feed"]["prefetched_images_per_second"] > 0
    for whole, resumed in found["resume"]["hashes"].values():
        assert whole == resumed
    assert set(found["step"]["float32 eager"]["calls"].values()) == {0}
    assert len(found["losses_equal"]["relative_differences"]) == 40
    assert {len(losses) for losses in found["arms"]["losses"].values()} == {4}


@pytest.mark.parametrize("wrong", [1.001, float("nan")])
def test_a_loss_that_differs_on_the_card_fails(monkeypatch, wrong):
    usual, calls = gpu_equal._value_and_gradient, iter(range(10**6))

    def on_another_device(*words):
        value, gradient = usual(*words)
        return value, gradient * (wrong if next(calls) % 20 == 19 else 1)

    assert gpu_equal.losses_equal(gpu_speed.DRY, 60)["outcome"] == "passed"
    monkeypatch.setattr(gpu_equal, "GRADIENT_BOUND", 5e-4)
    monkeypatch.setattr(gpu_equal, "_value_and_gradient", on_another_device)
    assert gpu_equal.losses_equal(gpu_speed.DRY, 60)["outcome"] == "failed"


def test_an_arm_that_waits_or_diverges_fails_and_the_others_are_tried(monkeypatch):
    class Waited(contextlib.nullcontext):
        def __enter__(self):
            raise RuntimeError("called a synchronizing CUDA operation")

    contexts = iter([contextlib.nullcontext(), Waited()])
    monkeypatch.setattr(gpu_equal, "no_waiting", lambda device: next(contexts, contextlib.nullcontext()))
    found = gpu_equal.arms(gpu_speed.DRY, 60)
    assert found["outcome"] == "failed"
    assert "synchronizing" in found["losses"]["dual float32"]
    assert len(found["losses"]["mass float32"]) == 4
    monkeypatch.setattr(gpu_equal, "ARMS", {"vanilla": {}})
    monkeypatch.setattr(gpu_equal, "losses_of", lambda *words: [1.0, float("nan")])
    assert gpu_equal.arms(gpu_speed.DRY, 60)["outcome"] == "failed"


@pytest.mark.parametrize(
    ("compilation", "outcome"),
    [
        ("eager (compiler failed)", "failed"),
        ("eager (no C++ compiler)", "left out: eager (no C++ compiler)"),
        ("compiled", "passed"),
    ],
)
def test_what_was_not_compiled_is_not_passed_as_compiled(monkeypatch, compilation, outcome):
    def stepper_of(size, precision, how):
        if how == "always" and compilation != "compiled":
            warnings.warn("torch.compile failed: no Triton", stacklevel=1)
        return SimpleNamespace(compilation=compilation if how == "always" else "eager")

    monkeypatch.setattr(gpu_check, "stepper_of", stepper_of)
    monkeypatch.setattr(gpu_check, "losses_of", lambda stepper, steps: [1.0, 2.0 + 0.01 * len(stepper.compilation)])
    found = gpu_check.compiled(gpu_speed.DRY, 60)
    assert found["outcome"] == outcome
    if compilation == "compiled":
        assert found["worst"] == pytest.approx(0.03 / 2.05)
    else:
        assert found["warnings"] == ["torch.compile failed: no Triton"]


def test_a_check_that_fails_leaves_its_error_and_the_others(tmp_path, monkeypatch):
    def broken(size, left):
        raise RuntimeError("no such kernel")

    monkeypatch.setitem(gpu_check.CHECKS, "step", broken)
    out = tmp_path / "found.json"
    assert gpu_check.main(["--dry-run", "--only", "step", "--only", "device", str(out)]) == 1
    found = json.loads(out.read_text())
    assert "no such kernel" in found["step"]["error"]
    assert found["device"]["outcome"] == "passed"


def test_what_there_is_no_time_for_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_check, "SECONDS", 0.0)
    out = tmp_path / "found.json"
    assert gpu_check.main(["--dry-run", "--only", "step", str(out)]) == 0
    assert json.loads(out.read_text())["step"]["outcome"] == "left out: no time"


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_without_a_card_it_says_what_works(tmp_path, capsys):
    assert gpu_check.main([str(tmp_path / "found.json")]) == 2
    assert "--dry-run" in capsys.readouterr().err


def pretended_python(folder, script):
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def call_shell(python, folder, *words):
    environment = {"PYTHON": str(python), "PATH": os.environ["PATH"]}
    return subprocess.run(
        ["bash", SHELL, *words], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_shell_refuses_an_old_python_in_one_line(tmp_path):
    old = pretended_python(tmp_path, "echo Python 3.9.2; exit 1")
    for python, told in ((old, "Python 3.9.2"), (tmp_path / "absent", "not here")):
        done = call_shell(python, tmp_path)
        assert done.returncode == 2
        needed = f"gpu_check: Python 3.11 or later is needed, and {python} is {told}; PYTHON=... names another\n"
        assert (done.stdout, done.stderr) == ("", needed)


def test_the_shell_leaves_the_file_where_its_caller_is(tmp_path, monkeypatch):
    python = pretended_python(tmp_path, 'case $1 in -c) exit 0;; esac; echo "$GPU_CHECK_CALLED_FROM $PWD $*"')
    done = call_shell(python, tmp_path, "--dry-run", "found.json")
    assert done.stdout == f"{tmp_path} {SHELL.parents[1]} -m tools.gpu_check --dry-run found.json\n"
    monkeypatch.setenv("GPU_CHECK_CALLED_FROM", str(tmp_path))
    for out in ("found.json", str(tmp_path / "elsewhere.json")):
        assert gpu_check.main(["--dry-run", "--only", "device", out]) == 0
    assert (tmp_path / "found.json").is_file()
    assert (tmp_path / "elsewhere.json").is_file()
