"""The workflow on a real Slurm: the bytes of a local run, one job per run, and one try of what can't go well."""

import json
from pathlib import Path
from typing import Any

from place import PATIENCE, RUN, Place, trained_locally


def test_a_suite_from_images_to_report(slurm: Any, shared: Path, tmp_path: Path) -> None:
    """One node is drained; GPUs are asked for in the other style; a profile has its node to itself."""
    slurm.ask("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=test")
    place = Place(shared, slurm, profile={"repeats": 2, "steps": 1, "warmup_steps": 1})
    place.ask_for(gpu=0, gres="gpu:1")
    try:
        place.finish()
    finally:
        slurm.ask("scontrol", "update", "NodeName=n1", "State=RESUME")

    jobs = place.jobs()
    assert {job.state for job in jobs} == {"COMPLETED"}
    assert {job.node for job in jobs} == {"n2"}  # nothing went to the drained node
    assert all(job.name.startswith("tiny_of_") for job in jobs)
    details = slurm.ask("scontrol", "show", "job", "--details").split("\n\n")
    own = [job for job in details if f"WorkDir={shared}" in job]
    assert sum("TresPerNode=gres/gpu:1" in job or "TresPerNode=gres:gpu:1" in job for job in own) == 2  # a run each
    assert sum("OverSubscribe=NO" in job for job in own) == 1  # the profile
    assert len(own) == 3  # one job per run
    assert (shared / "reports" / "tiny" / "report.html").exists()
    assert "squeue" in place.log()  # there are no accounts to ask
    for arm in ("vanilla", "dual"):
        attempts = json.loads((place.run(arm) / "run.json").read_text())["attempts"]
        assert [attempt["start_step"] for attempt in attempts] == [0]  # and once only
        assert place.encoder(arm) == trained_locally(tmp_path, place, arm)

    place.finish()
    assert len(place.jobs()) == len(jobs)  # nothing to do, nothing submitted


def test_a_run_that_was_meant_for_a_gpu_refuses_a_processor(slurm: Any, shared: Path) -> None:
    place = Place(shared, slurm, train={"device": "auto"}, arms={"vanilla": None})
    place.ask_for(gpu=1)

    assert place.start("--until", "pretrain").wait(PATIENCE) != 0  # the profile has 10 retries

    said = (shared / "logs" / "tiny" / "pretrain" / f"{RUN.format(arm='vanilla')}.log").read_text()
    assert "shows no CUDA device; it doesn't train on a CPU" in said
    assert len(place.jobs()) == 1  # bad input is not tried again
    assert not place.run("vanilla").exists()
