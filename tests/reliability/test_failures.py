"""A run that diverges is a result: a row with its reason. The others go on, and nobody tries it again."""

import csv
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from chains import SUITE, Chain, one_line, write_suite

DIVERGES = {"train": {"learning_rate": 1000.0, "weight_decay": 10.0}}


@pytest.fixture
def two_arms(tmp_path: Path) -> dict[str, Chain]:
    suite = write_suite(tmp_path / "tiny.yaml", arms={"vanilla": {}, "burst": DIVERGES}, seeds=2)
    return {arm: Chain(suite, arm, tmp_path) for arm in ("vanilla", "burst")}


def rows(chain: Chain) -> dict[str, dict[str, str]]:
    """The table of runs by arm, of the first seed."""
    with open(chain.results / "tiny" / "runs.csv", newline="") as handle:
        return {row["arm"]: row for row in csv.DictReader(handle) if row["seed"] == "0"}


def test_a_diverged_run_is_a_row_and_the_others_go_on(two_arms: dict[str, Chain]) -> None:
    vanilla, burst = two_arms.values()
    for chain in (burst, vanilla):
        for command in chain.commands:
            outcome = chain.execute(command)
            assert outcome.code == 0, outcome.printed

    table = rows(vanilla)
    assert table["vanilla"]["status"] == "done"
    assert table["burst"]["status"] == "failed"
    assert table["burst"]["reason"].startswith(("diverged: ", "collapsed: "))
    assert table["burst"]["knn_top1"] == ""
    assert float(table["vanilla"]["knn_top1"]) > 0


def test_a_diverged_run_is_not_tried_again(two_arms: dict[str, Chain]) -> None:
    burst = two_arms["burst"]
    assert burst.execute("pretrain").code == 0
    steps = burst.steps_of_last_attempt()
    assert 0 < steps < 20

    again = burst.execute("pretrain")

    assert "finished before" in again.printed
    assert burst.steps_of_last_attempt() == 0


@pytest.mark.parametrize("place", ["half of encoder.safetensors written", "before run.json is there"])
def test_a_failure_that_was_not_written_down_is_not_trained_again_either(
    two_arms: dict[str, Chain], place: str
) -> None:
    burst = two_arms["burst"]
    burst.kill_at(place)
    steps = burst.steps_of_last_attempt()

    assert burst.execute("pretrain").code == 0

    assert burst.steps_of_last_attempt() == 0
    assert burst.record()["status"] == "failed"
    assert burst.record()["steps"] == steps  # the step that diverged is one of them
    assert burst.start_steps() == [0, steps]


def test_a_run_that_never_finished_is_a_row_with_its_reason(two_arms: dict[str, Chain]) -> None:
    vanilla = two_arms["vanilla"]
    vanilla.interrupt(step=7)
    vanilla.interrupt(step=3, number=signal.SIGTERM)

    assert vanilla.execute("collect").code == 0

    table = rows(vanilla)
    assert table["vanilla"]["status"] == "missing"
    assert table["vanilla"]["reason"] == "not finished: started 2 times, last from step 5"
    assert table["burst"]["reason"] == "not run yet"


def test_images_that_are_all_alike(tmp_path: Path) -> None:
    """Nothing can be learnt from them, and that is a result."""
    import numpy as np

    labels = np.arange(160) % 2
    np.savez(
        tmp_path / "alike.npz",
        **{f"x_{split}": np.full((160, 8, 8), 7, np.uint8) for split in ("train", "test")},
        **{f"y_{split}": labels for split in ("train", "test")},
    )
    dataset = {"name": "npz", "path": str(tmp_path / "alike.npz"), "label": "images"}
    chain = Chain(write_suite(tmp_path / "tiny.yaml", dataset=dataset), "vanilla", tmp_path)

    for command in chain.commands:
        outcome = chain.execute(command)
        assert outcome.code == 0, outcome.printed

    assert float(rows(chain)["vanilla"]["knn_top1"]) == pytest.approx(50, abs=20)


def write_few(path: Path, train_labels: list[int], test_labels: list[int]) -> None:
    import numpy as np

    random = np.random.default_rng(0)
    labels = {"train": np.array(train_labels), "test": np.array(test_labels)}
    images = {name: random.integers(0, 256, (len(of), 8, 8), dtype=np.uint8) for name, of in labels.items()}
    np.savez(path, **{f"x_{name}": images[name] for name in labels}, **{f"y_{name}": labels[name] for name in labels})


def few_images(folder: Path, **changes: Any) -> Chain:
    """A run on the few images of `few.npz`, that takes as few as there can be."""
    sections = {
        "dataset": {"name": "npz", "path": str(folder / "few.npz"), "label": "images"},
        "encoder": SUITE["encoder"] | {"batch_norm_groups": 1},
        "train": SUITE["train"] | {"batch_size": 2},
        "contrast": {"queue_size": 2},
        "evaluate": SUITE["evaluate"] | {"knn_k": 1},
        "arms": {"vanilla": {}},
    }
    return Chain(write_suite(folder / "tiny.yaml", **(sections | changes)), "vanilla", folder)


def test_the_smallest_data_set(tmp_path: Path) -> None:
    """Three images of two classes to train on and one to evaluate on: all numbers but that of pairs of images."""
    write_few(tmp_path / "few.npz", [0, 1, 1], [0])
    chain = few_images(tmp_path)

    for command in chain.commands:
        outcome = chain.execute(command)
        assert outcome.code == 0, outcome.printed

    metrics = json.loads((chain.run / "metrics.json").read_text())
    assert [name for name, value in metrics.items() if value is None] == ["uniformity"]
    row = rows(chain)["vanilla"]
    assert (row["status"], row["uniformity"]) == ("done", "")
    assert row["knn_top1"] in ("0.0", "100.0")


@pytest.mark.parametrize(
    ("train_labels", "test_labels", "evaluate", "message"),
    [
        ([0, 1], [0, 1], {}, "no class has two training images"),
        (
            [*range(120), *range(120)],
            [*range(120), 0],
            {},
            "evaluate.corruption_images is 100, but npz has 120 classes",
        ),
        ([0, 1, 1], [0], {"knn_k": 4}, "evaluate.knn_k is 4, but npz has 3 training images"),
    ],
)
def test_what_cannot_be_evaluated_is_not_trained(
    tmp_path: Path, train_labels: list[int], test_labels: list[int], evaluate: dict[str, Any], message: str
) -> None:
    write_few(tmp_path / "few.npz", train_labels, test_labels)
    evaluate = SUITE["evaluate"] | {"knn_k": 1, "corruption_images": 100} | evaluate
    chain = few_images(tmp_path, evaluate=evaluate)

    assert message in one_line(chain.execute("pretrain"), code=2)

    assert chain.steps_of_last_attempt() == 0
    assert not chain.results.exists()


def test_as_many_corrupted_images_as_classes_are_enough(tmp_path: Path) -> None:
    write_few(tmp_path / "few.npz", [*range(100), *range(100)], [*range(100), 0])
    evaluate = SUITE["evaluate"] | {"knn_k": 1, "corruption_images": 100}
    chain = few_images(tmp_path, evaluate=evaluate, train=SUITE["train"] | {"batch_size": 2, "epochs": 1})

    assert chain.execute("pretrain").code == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": SUITE["train"] | {"batch_size": 4}, "contrast": {"queue_size": 4}}, "4 is more than the 3 training"),
        ({"train": SUITE["train"] | {"batch_size": 2, "precision": "float16"}}, "float16 needs a CUDA device"),
        (
            {"contrast": {"queue_size": 2, "negatives": {"rule": "hardest", "count": 1}, "filter_warmup_steps": 4}},
            "4 of 4 steps: the rule would never act",
        ),
    ],
)
def test_what_cannot_be_trained_leaves_no_file(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    write_few(tmp_path / "few.npz", [0, 1, 1], [0])
    chain = few_images(tmp_path, **changes)

    assert message in one_line(chain.execute("pretrain"), code=2)

    assert not chain.results.exists()


def test_a_run_that_died_for_good_says_of_what(two_arms: dict[str, Chain]) -> None:
    vanilla, burst = two_arms.values()
    vanilla.interrupt(step=7)
    vanilla.run.parent.mkdir(parents=True)
    vanilla.run.touch()  # a file where a folder has to be
    assert vanilla.execute("pretrain").code == 1
    log = vanilla.results.parent / "logs" / "tiny" / "pretrain" / f"{burst.run_id}.log"  # as the workflow keeps it
    log.parent.mkdir(parents=True)
    log.write_text("moco-bench: warning: so what\nmoco-bench: images.npz: no such file\n")

    assert vanilla.execute("collect").code == 0
    table = rows(vanilla)
    assert table["vanilla"]["reason"] == (
        f"not finished: started 2 times, last from step 5: Not a directory: tiny/runs/{vanilla.run_id}/run.json"
    )
    assert table["burst"]["reason"] == "not started: images.npz: no such file"

    vanilla.run.unlink()
    vanilla.kill_at("half of encoder.safetensors written")  # another end, of which nobody can tell why
    assert vanilla.execute("collect").code == 0
    assert rows(vanilla)["vanilla"]["reason"] == "not finished: started 3 times, last from step 20"
