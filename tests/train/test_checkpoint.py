import os
import pickle

import pytest
import torch

from moco_bench.train.checkpoint import (
    LATEST,
    PREVIOUS,
    DamagedCheckpoint,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)

MINE = {"fingerprint": "f" * 64, "data": "d" * 64}


def save(folder, step):
    save_checkpoint(folder, MINE, {"step": step, "weights": torch.full((3,), float(step))})


def step_of(folder, belongs_to=MINE):
    state = load_checkpoint(folder, belongs_to)
    return None if state is None else state["step"]


def test_the_latest_is_loaded_and_the_one_before_is_kept(tmp_path):
    assert step_of(tmp_path) is None
    for step in (1, 2, 3):
        save(tmp_path, step)

    assert step_of(tmp_path) == 3
    assert read_checkpoint(tmp_path / PREVIOUS)["state"]["step"] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [LATEST, PREVIOUS]


def test_a_checkpoint_is_on_the_cpu_wherever_its_state_was(tmp_path, monkeypatch):
    places, load = [], torch.load
    monkeypatch.setattr(
        torch, "load", lambda *words, **named: places.append(named["map_location"]) or load(*words, **named)
    )
    save(tmp_path, 1)

    assert step_of(tmp_path) == 1
    assert places == ["cpu"]


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_a_damaged_checkpoint_is_set_aside_and_the_previous_used(tmp_path, damage):
    save(tmp_path, 1)
    save(tmp_path, 2)
    path = tmp_path / LATEST
    content = bytearray(path.read_bytes())
    if damage == "truncate":
        del content[len(content) // 2 :]
    elif damage == "flip":
        content[len(content) // 2] ^= 1
    else:
        content.clear()
    path.write_bytes(content)

    with pytest.warns(UserWarning, match="set aside as latest.aside-1"):
        assert step_of(tmp_path) == 1
    assert (tmp_path / "latest.aside-1").exists()


def test_both_damaged_means_starting_over(tmp_path):
    save(tmp_path, 1)
    save(tmp_path, 2)
    for name in (LATEST, PREVIOUS):
        (tmp_path / name).write_bytes(b"x" * 100)

    with pytest.warns(UserWarning, match="checksum"):
        assert step_of(tmp_path) is None


@pytest.mark.parametrize("changed", [{"fingerprint": "e" * 64}, {"data": "e" * 64}, {"precision": "bfloat16"}])
def test_another_runs_checkpoint_is_never_loaded(tmp_path, changed):
    save(tmp_path, 1)

    with pytest.warns(UserWarning, match="belongs to another run"):
        assert step_of(tmp_path, MINE | changed) is None


def test_a_payload_that_would_run_code_is_refused(tmp_path):
    class Harmful:
        def __reduce__(self):
            return os.system, ("touch harmed",)

    import hashlib

    payload = pickle.dumps(Harmful())
    (tmp_path / LATEST).write_bytes(hashlib.sha256(payload).digest() + payload)

    with pytest.raises(DamagedCheckpoint, match="not a checkpoint"):
        read_checkpoint(tmp_path / LATEST)


def test_a_write_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    save(tmp_path, 1)
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))

    with pytest.raises(OSError, match="No space"):
        save(tmp_path, 2)
    monkeypatch.undo()

    assert step_of(tmp_path) == 1
    assert not list(tmp_path.glob(".*.tmp"))
