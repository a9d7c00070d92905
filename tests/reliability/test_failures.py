"""A run that diverges is a result: a row with its reason. The others go on, and nobody tries it again."""

import csv
import signal
from pathlib import Path

import pytest
from chains import SUITE, Chain, write_suite

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
    assert burst.record()["steps"] == steps - 1
    assert burst.start_steps() == [0, steps - 1]


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
    dataset = {"name": "npz", "path": str(tmp_path / "alike.npz"), "label": "digits"}
    chain = Chain(write_suite(tmp_path / "tiny.yaml", dataset=dataset), "vanilla", tmp_path)

    for command in chain.commands:
        outcome = chain.execute(command)
        assert outcome.code == 0, outcome.printed

    assert float(rows(chain)["vanilla"]["knn_top1"]) == pytest.approx(50, abs=20)


def test_the_smallest_data_set(tmp_path: Path) -> None:
    """One image a class."""
    import numpy as np

    random = np.random.default_rng(0)
    arrays = {f"x_{split}": random.integers(0, 256, (2, 8, 8), dtype=np.uint8) for split in ("train", "test")}
    np.savez(tmp_path / "two.npz", **arrays, y_train=np.arange(2), y_test=np.arange(2))
    suite = write_suite(
        tmp_path / "tiny.yaml",
        dataset={"name": "npz", "path": str(tmp_path / "two.npz"), "label": "digits"},
        encoder=SUITE["encoder"] | {"batch_norm_groups": 1},
        train=SUITE["train"] | {"batch_size": 2},
        contrast={"queue_size": 2},
        evaluate=SUITE["evaluate"] | {"knn_k": 1},
    )
    chain = Chain(suite, "vanilla", tmp_path)

    for command in chain.commands:
        outcome = chain.execute(command)
        assert outcome.code in (0, 2), outcome.printed
        assert "Traceback" not in outcome.printed
        if outcome.code:
            break
