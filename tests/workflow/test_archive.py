"""The archive of a suite, which storages get: everything but checkpoints, whatever its arms are called."""

import tarfile
from typing import Any

from pretended import pretend

SUITE = {"seeds": 1, "arms": {"checkpoints": {}, "dual": {"contrast": {"dual_view": "key-in-batch"}}}}


def test_checkpoints_are_left_out_by_their_place_and_not_by_their_name(workflow: Any) -> None:
    suite, folder = workflow.write_suite(**SUITE, baseline="checkpoints"), workflow.directory
    pretend(suite, folder)
    left = folder / "results/tiny/checkpoints/runs/digits/resnet-compact/dual/seed0/latest.ckpt"
    left.parent.mkdir(parents=True)
    left.touch()

    outcome = workflow.run("tiny.tar.gz", "--cores", "1", "--configfile", suite)

    assert outcome.code == 0, outcome.text
    with tarfile.open(folder / "tiny.tar.gz") as archive:
        stored = {member.name for member in archive.getmembers() if member.isfile()}
    there = {path.relative_to(folder).as_posix() for path in (folder / "results/tiny").rglob("*") if path.is_file()}
    lost = there - stored
    assert left.relative_to(folder).as_posix() in lost
    assert all(name.startswith(("results/tiny/checkpoints/", "results/tiny/.lock")) for name in lost)
    assert "results/tiny/runs/digits/resnet-compact/checkpoints/seed0/encoder.safetensors" in stored
    assert "reports/tiny/report.html" in stored
