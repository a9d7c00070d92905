import json
import os

import pytest

from moco_bench.files import sealed, write_json
from moco_bench.suite.load import parse_suite
from moco_bench.suite.on_disk.finished import pointer
from moco_bench.suite.on_disk.hashes import without_encoder
from moco_bench.suite.on_disk.record import read_record
from moco_bench.suite.plan import plan_run
from moco_bench.suite.runs import expand
from moco_bench.train.pretrain import pretrain, write_results
from moco_bench.train.sharing import is_finished, note_finished, reuse_finished


def runs(name, repeat=()):
    raw = {
        "name": name, "dataset": {"name": "npz", "path": "toy.npz"},
        "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16},
        "contrast": {"queue_size": 64},
        "train": {"epochs": 1, "batch_size": 16, "precision": "float32", "device": "cpu"},
        "seeds": [0], "repeat_seeds": list(repeat), "arms": {"vanilla": None},
    }  # fmt: skip
    return expand(parse_suite(raw, "toy"))


def finish(run, dataset, results):
    write_results(pretrain(run, dataset, run.checkpoints(results)), run.directory(results))
    note_finished(run, results)


def test_another_suite_takes_over_a_finished_run(dataset, tmp_path):
    (first,), (second,) = runs("first"), runs("second")
    assert not reuse_finished(second, dataset.sha256, tmp_path)
    finish(first, dataset, tmp_path)

    assert reuse_finished(second, dataset.sha256, tmp_path)

    ours, theirs = second.directory(tmp_path), first.directory(tmp_path)
    assert (ours / "encoder.safetensors").read_bytes() == (theirs / "encoder.safetensors").read_bytes()
    record = json.loads((ours / "run.json").read_text())
    assert (record["suite"], record["shared_from"]) == ("second", "first/runs/npz/resnet-compact/vanilla/seed0")


def test_the_files_are_copies_that_can_be_touched(dataset, tmp_path):
    (first,), (second,) = runs("first"), runs("second")
    finish(first, dataset, tmp_path)
    ours, theirs = second.directory(tmp_path), first.directory(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in theirs.iterdir()}

    assert reuse_finished(second, dataset.sha256, tmp_path)
    for path in ours.iterdir():
        os.utime(path, (2e9, 2e9))  # as Snakemake does after a job

    assert {path.name: path.stat().st_mtime_ns for path in theirs.iterdir()} == before


def test_an_archived_run_lends_its_numbers_without_its_weights(dataset, tmp_path):
    (first,), (second,) = runs("first"), runs("second")
    finish(first, dataset, tmp_path)
    theirs, ours = first.directory(tmp_path), second.directory(tmp_path)
    write_json(
        theirs / "metrics.json", sealed({"evaluation_fingerprint": first.evaluation_fingerprint, "knn_top1": 1.0})
    )
    write_json(theirs / "run.json", without_encoder(read_record(theirs / "run.json")))
    (theirs / "encoder.safetensors").unlink()
    ours.mkdir(parents=True)
    (ours / "encoder.safetensors").write_bytes(b"of an earlier run")

    assert plan_run(second, tmp_path).state == "shared"
    assert reuse_finished(second, dataset.sha256, tmp_path)

    assert sorted(path.name for path in ours.iterdir()) == ["history.csv", "metrics.json", "resources.json", "run.json"]
    assert plan_run(second, tmp_path).state == "done"
    assert json.loads((ours / "run.json").read_text())["shared_from"] == str(theirs.relative_to(tmp_path))


def test_not_with_other_data_nor_from_itself_nor_for_a_repeated_seed(dataset, tmp_path):
    (first,), (second, repeat) = runs("first"), runs("second", repeat=[0])
    finish(first, dataset, tmp_path)

    assert not reuse_finished(second, "other data", tmp_path)
    assert not reuse_finished(first, dataset.sha256, tmp_path)
    assert not reuse_finished(repeat, dataset.sha256, tmp_path)


def test_a_pointer_to_something_that_is_gone_is_ignored(dataset, tmp_path):
    (first,), (second,) = runs("first"), runs("second")
    finish(first, dataset, tmp_path)
    (first.directory(tmp_path) / "encoder.safetensors").unlink()

    assert not reuse_finished(second, dataset.sha256, tmp_path)


@pytest.mark.parametrize("name", ["encoder.safetensors", "history.csv", "resources.json", "run.json"])
def test_what_was_edited_spreads_no_further(dataset, tmp_path, name):
    (first,), (second,) = runs("first"), runs("second")
    finish(first, dataset, tmp_path)
    path = first.directory(tmp_path) / name
    stamps = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))  # as if nobody had been there

    assert not reuse_finished(second, dataset.sha256, tmp_path)
    assert not (second.directory(tmp_path) / "run.json").exists()


def test_a_pointer_out_of_the_results_is_not_followed(dataset, tmp_path):
    (first,), (second,) = runs("first"), runs("second")
    finish(first, dataset, tmp_path / "elsewhere")
    place = first.directory(tmp_path / "elsewhere")
    for directory in (str(place), f"../elsewhere/{place.relative_to(tmp_path / 'elsewhere')}", "\0"):
        write_json(pointer(second, tmp_path / "results"), {"directory": directory})
        assert not reuse_finished(second, dataset.sha256, tmp_path / "results")


def test_a_finished_run_knows_itself(dataset, tmp_path):
    (run,) = runs("first")
    assert not is_finished(run, dataset.sha256, tmp_path)
    finish(run, dataset, tmp_path)

    assert is_finished(run, dataset.sha256, tmp_path)
    assert not is_finished(run, "other data", tmp_path)
    (run.directory(tmp_path) / "history.csv").unlink()
    assert not is_finished(run, dataset.sha256, tmp_path)
