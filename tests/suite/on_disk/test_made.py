"""Tables and reports are made again when what they are made from has changed, or they themselves."""

import json

import pytest

from moco_bench.files import read_mapping, sealed, write_json, write_text
from moco_bench.suite.on_disk.hashes import describe_files
from moco_bench.suite.on_disk.made import TABLES, collected, edited_files, note_made, why_make

RUN = "runs/digits/resnet-compact/vanilla/seed0"


@pytest.fixture
def directory(tmp_path):
    for name in TABLES:
        write_text(tmp_path / name, f"{name}\n")
    note_made(collected(tmp_path), "basis", [tmp_path / name for name in TABLES])
    write_text(tmp_path / RUN / "history.csv", "epoch,train_loss\n1,2.5\n")
    record = {"status": "done", "files": describe_files(tmp_path / RUN, ["history.csv"])}
    write_json(tmp_path / RUN / "run.json", sealed(record))
    write_json(tmp_path / RUN / "metrics.json", sealed({"knn_top1": 80.0}))
    return tmp_path


def reason(directory, basis="basis"):
    return why_make(collected(directory), basis, [directory / name for name in TABLES])


def test_reasons_to_make_something_again(directory):
    assert reason(directory) == ""
    assert reason(directory, "other") == "what it is made from has changed"
    (directory / "runs.csv").write_text("99.0")
    assert reason(directory) == "runs.csv was changed by hand"
    (directory / "runs.csv").unlink()
    assert reason(directory) == "runs.csv is missing"


def test_what_was_made_beside_the_tables_is_known_by_its_place(directory):
    extra = directory / "tables" / "runs.csv"
    write_text(extra, "a\n")
    tables = [directory / name for name in TABLES]
    note_made(collected(directory), "basis", [*tables, extra])
    assert why_make(collected(directory), "basis", tables) == ""
    extra.write_text("b\n")
    assert why_make(collected(directory), "basis", tables) == "tables/runs.csv was changed by hand"
    extra.unlink()
    assert why_make(collected(directory), "basis", tables) == "tables/runs.csv is missing"


@pytest.mark.parametrize("note", ["{", "[]", "{}", '{"basis": 1, "outputs": []}', None])
def test_a_note_that_says_nothing_is_no_note(directory, note):
    if note is None:
        collected(directory).unlink()
    else:
        collected(directory).write_text(note)
    assert reason(directory) != ""


def edited(directory):
    files = {name: read_mapping(directory / RUN / name) for name in ("run.json", "metrics.json")}
    return edited_files(directory, {RUN: files})


@pytest.mark.parametrize("name", ["floors/digits.json", "costs.json", "tuned.json", "data/digits.json"])
def test_a_report_can_name_what_was_edited_beside_the_runs(directory, name):
    content = sealed({"pixels": {"knn_top1": 50.0}})
    write_json(directory / name, content)
    assert edited(directory) == []
    write_json(directory / name, {**content, "pixels": {"knn_top1": 5.0}})
    assert edited(directory) == [name]
    (directory / name).write_text("{")
    assert edited(directory) == [], "damaged, and named as that"


@pytest.mark.parametrize("name", [f"{RUN}/history.csv", f"{RUN}/metrics.json", f"{RUN}/run.json", "runs.csv"])
def test_a_report_can_name_what_was_edited(directory, name):
    assert edited(directory) == []
    path = directory / name
    if path.suffix == ".json":
        path.write_text(json.dumps({**read_mapping(path), "knn_top1": 99.0}))
    else:
        path.write_text(path.read_text().replace("1", "9").replace("r", "R"))
    assert edited(directory) == [name]
