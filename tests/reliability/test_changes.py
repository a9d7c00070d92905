"""What changes, vanishes or is damaged between two attempts at a run."""

from pathlib import Path

import numpy as np
import pytest
from chains import Chain, assert_same_results, complete, one_line, write_suite
from processes import start


def write_images(path: Path, seed: int) -> None:
    """Enough small images of three classes for the tiny suite."""
    random = np.random.default_rng(seed)
    arrays = {}
    for split, count in (("train", 160), ("test", 30)):
        labels = np.arange(count) % 3
        arrays[f"y_{split}"] = labels
        arrays[f"x_{split}"] = (random.integers(0, 80, (count, 8, 8)) + labels[:, None, None] * 80).astype(np.uint8)
    np.savez(path, **arrays)


@pytest.fixture
def own_images(tmp_path: Path) -> Path:
    """A user's own images, that may vanish and change."""
    path = tmp_path / "images.npz"
    write_images(path, seed=0)
    return path


@pytest.fixture
def own_suite(own_images: Path, tmp_path: Path) -> Path:
    return write_suite(tmp_path / "own.yaml", dataset={"name": "npz", "path": str(own_images), "label": "images"})


def undisturbed_on(suite: Path, folder: Path) -> Chain:
    folder.mkdir()
    chain = Chain(suite, "both", folder)
    chain.finish()
    return chain


def prepare(chain: Chain) -> None:
    command = ["prepare", str(chain.suite), "--dataset", "images", "--results", str(chain.results)]
    assert start(command, chain.folder / "prepare.log").wait().code == 0


def test_images_that_vanish(own_suite: Path, own_images: Path, tmp_path: Path) -> None:
    undisturbed, chain = undisturbed_on(own_suite, tmp_path / "undisturbed"), Chain(own_suite, "both", tmp_path)
    chain.interrupt(step=12)
    elsewhere = own_images.rename(tmp_path / "elsewhere.npz")

    assert f"{own_images}: no such file" in one_line(chain.execute("pretrain"), code=2)

    elsewhere.rename(own_images)
    complete(chain, undisturbed)
    assert chain.start_steps()[-1] >= 10


def test_images_that_change_under_a_suite_at_work(own_suite: Path, own_images: Path, tmp_path: Path) -> None:
    undisturbed, chain = undisturbed_on(own_suite, tmp_path / "undisturbed"), Chain(own_suite, "both", tmp_path)
    prepare(chain)
    chain.interrupt(step=12)
    before = own_images.read_bytes()
    write_images(own_images, seed=1)

    assert "its images are not those that" in one_line(chain.execute("pretrain"), code=2)

    own_images.write_bytes(before)
    complete(chain, undisturbed)
    assert chain.start_steps()[-1] >= 10


def test_images_that_were_changed_on_purpose(own_suite: Path, own_images: Path, tmp_path: Path) -> None:
    chain = Chain(own_suite, "both", tmp_path)
    chain.interrupt(step=12)
    write_images(own_images, seed=1)
    undisturbed = undisturbed_on(own_suite, tmp_path / "undisturbed")

    outcome = chain.execute("pretrain")

    assert "latest.ckpt set aside as latest.aside-1: it belongs to another run (data " in outcome.printed
    assert chain.start_steps()[-1] == 0
    complete(chain, undisturbed)


def test_images_that_change_before_the_evaluation(own_suite: Path, own_images: Path, tmp_path: Path) -> None:
    undisturbed, chain = undisturbed_on(own_suite, tmp_path / "undisturbed"), Chain(own_suite, "both", tmp_path)
    assert chain.execute("pretrain").code == 0
    chain.forget_evaluation()
    before = own_images.read_bytes()
    write_images(own_images, seed=1)

    assert "the data set has changed since" in one_line(chain.execute("evaluate"), code=2)

    own_images.write_bytes(before)
    complete(chain, undisturbed)


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", ["bit", "cut"])
def test_a_damaged_checkpoint(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path, damage: str) -> None:
    chain = Chain(suite, "both", tmp_path)
    chain.interrupt(step=17)
    latest = chain.checkpoints / "latest.ckpt"
    if damage == "bit":
        flip_a_bit(latest)
    else:
        latest.write_bytes(latest.read_bytes()[:1000])

    outcome = chain.execute("pretrain")

    assert "latest.ckpt set aside as latest.aside-1: its checksum does not fit its content\n" in outcome.printed
    assert chain.start_steps() == [0, 10]
    complete(chain, undisturbed["both"])


def test_a_damaged_encoder(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    chain = Chain(suite, "both", tmp_path)
    assert chain.execute("pretrain").code == 0
    chain.forget_evaluation()
    encoder = chain.run / "encoder.safetensors"
    flip_a_bit(encoder)

    assert f"{encoder}: not the weights that run.json describes" in one_line(chain.execute("evaluate"), code=2)
    encoder.write_bytes(encoder.read_bytes()[:1000])
    assert f"{encoder}: damaged" in one_line(chain.execute("evaluate"), code=2)

    for path in chain.run.iterdir():
        path.unlink()
    complete(chain, undisturbed["both"])


def test_a_damaged_evaluation_is_done_again(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    chain = Chain(suite, "both", tmp_path)
    assert chain.execute("pretrain").code == 0
    (stored,) = chain.checkpoints.glob("evaluation-*.json")
    stored.write_text(stored.read_text()[:100])

    complete(chain, undisturbed["both"])


def test_another_suite_takes_over_a_finished_run(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    first = Chain(suite, "both", tmp_path)
    assert first.execute("pretrain").code == 0
    renamed = suite.read_text().replace("name: tiny", "name: other", 1)
    other = tmp_path / "other.yaml"
    other.write_text(renamed)
    arguments = [str(other), "--run", first.run_id, "--results", str(first.results)]

    shared = start(["pretrain", *arguments], tmp_path / "other.log").wait()

    assert "shared with a finished run" in shared.printed
    assert start(["evaluate", *arguments], tmp_path / "other.log").wait().code == 0
    metrics = first.results / "other" / "runs" / first.run_id / "metrics.json"
    assert metrics.read_bytes() == (undisturbed["both"].run / "metrics.json").read_bytes()


def test_a_finished_run_is_left_as_it_is(suite: Path, tmp_path: Path) -> None:
    chain = Chain(suite, "both", tmp_path)
    for command in chain.commands:
        assert chain.execute(command).code == 0
    before = (chain.run / "run.json").stat()

    again = chain.execute("pretrain")

    assert (again.code, "finished before" in again.printed) == (0, True)
    assert (chain.run / "run.json").stat().st_mtime_ns == before.st_mtime_ns


def test_settings_that_changed_and_changed_back(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    other = write_suite(tmp_path / "tiny.yaml", contrast={"queue_size": 32})
    changed = Chain(other, "both", tmp_path)
    for command in changed.commands:
        assert changed.execute(command).code == 0

    back = Chain(suite, "both", tmp_path)

    refused = back.execute("evaluate")
    assert "trained with other settings" in one_line(refused, code=2)
    complete(back, undisturbed["both"])
    assert back.start_steps() == [0]


def test_the_same_results_from_another_process_each_time(
    suite: Path, undisturbed: dict[str, Chain], tmp_path: Path
) -> None:
    chain = Chain(suite, "both", tmp_path)
    chain.finish()
    assert_same_results(chain, undisturbed["both"])
