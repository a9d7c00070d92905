"""Bad input that only a run can find is refused once, named, and leaves a suite that ends non-zero."""

import json
from typing import Any

from moco_bench.cli.main import main

ONE = {
    "seeds": 1,
    "arms": {"vanilla": {}},
    "dataset": {"name": "digits", "train_limit": 128, "test_limit": 40},
    "contrast__queue_size": 64,
}


def test_a_run_that_refuses_its_images_is_tried_once(workflow: Any) -> None:
    """The manifest says that other images were described: `pretrain` ends with exit code 2."""
    suite = workflow.write_suite(**ONE)
    workflow.pretend(suite)
    run = workflow.directory / "results/tiny/runs/digits/resnet-compact/vanilla/seed0"
    (run / "run.json").unlink()

    outcome = workflow.run("--cores", "1", "--configfile", suite)

    assert outcome.code == 1
    assert "Trying to restart" not in outcome.text
    assert "its images are not those that" in outcome.text
    assert (run / "metrics.json").exists(), "Snakemake deletes no result"


def test_collect_says_what_is_missing_and_what_to_do(workflow: Any, monkeypatch: Any, capsys: Any) -> None:
    suite = workflow.write_suite(seeds=1)
    workflow.pretend(suite)
    monkeypatch.chdir(workflow.directory)
    metrics = workflow.directory / "results/tiny/runs/digits/resnet-compact/dual/seed0/metrics.json"
    metrics.write_text(json.dumps({**json.loads(metrics.read_text()), "knn_top1": 99.0}))

    assert main(["collect", "suite.yaml", "--complete"]) == 1

    printed = capsys.readouterr()
    assert (
        "1 of 4 runs are missing, the first is runs/digits/resnet-compact/dual/seed0 (its metrics.json" in printed.err
    )
    assert "`moco-bench plan suite.yaml` says why" in printed.err
    assert "99.0" not in (workflow.directory / "results/tiny/runs.csv").read_text()
