"""The check for a CUDA box, as small as it goes, on a CPU: its plumbing."""

import json

import pytest
import torch

from tools import gpu_check

pytestmark = pytest.mark.slow


def test_checks_leave_their_findings_in_one_file(tmp_path):
    out = tmp_path / "found.json"
    parts = ("device", "memory", "step", "losses", "feed", "resume", "curve")
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
    assert found["resume"]["hashes"][0] == found["resume"]["hashes"][1]


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
