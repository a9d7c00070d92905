"""Results of several machines in one folder: nothing lost, nothing believed that a hash contradicts."""

import hashlib
import json
import os
import shutil

import pandas as pd
import pytest

from moco_bench.cli.main import main
from moco_bench.files import write_json
from moco_bench.suite.on_disk.hashes import damage, encoder_was_kept
from moco_bench.suite.on_disk.record import read_record


def make_run(root, arm="vanilla", seed=0, *, accuracy=50.0, fingerprint="f", images="d", cpu="A"):
    directory = root / "tiny" / "runs" / "digits" / "net" / arm / f"seed{seed}"
    directory.mkdir(parents=True)
    (directory / "encoder.safetensors").write_bytes(f"{accuracy}".encode())
    (directory / "history.csv").write_text("epoch\n1\n")
    write_json(directory / "resources.json", {})
    write_json(directory / "metrics.json", {"knn_top1": accuracy, "evaluation_fingerprint": "e"})
    names = ("encoder.safetensors", "history.csv", "resources.json")
    content = {name: (directory / name).read_bytes() for name in names}
    hashes = {n: {"bytes": len(b), "sha256": hashlib.sha256(b).hexdigest()} for n, b in content.items()}
    record = {
        "fingerprint": f"{fingerprint}-{arm}-{seed}", "status": "done", "reason": None, "config": {}, "hashes": {},
        "data": {"sha256": images}, "machine": {"cpu": cpu}, "files": hashes, "replicate": 1,
    }  # fmt: skip
    write_json(directory / "run.json", record)
    write_json(root / "tiny" / "data" / "digits.json", {"sha256": images})
    return directory


def merge(*roots, out):
    return main(["merge", *map(str, roots), "--out", str(out)])


def tree(root):
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_parts_of_two_machines_become_one(tmp_path, capsys):
    first = make_run(tmp_path / "a", seed=0)
    make_run(tmp_path / "b", seed=1)

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 0

    assert "2 runs" in capsys.readouterr().out
    merged = tmp_path / "out" / first.relative_to(tmp_path / "a")
    assert tree(merged) == tree(first)
    assert (merged.parent / "seed1" / "metrics.json").exists()
    pointer = json.loads((tmp_path / "out" / ".finished" / "f-vanilla-1.json").read_text())
    assert pointer == {"directory": "tiny/runs/digits/net/vanilla/seed1"}
    before = tree(tmp_path / "out")
    assert merge(tmp_path / "b", tmp_path / "a", out=tmp_path / "out") == 0  # again, in another order
    assert tree(tmp_path / "out") == before


def test_copies_without_time_stamps_are_as_good_as_originals(tmp_path):
    make_run(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "copy", copy_function=shutil.copyfile)
    for path in (tmp_path / "copy").rglob("*"):
        os.utime(path, (0, 0))

    assert merge(tmp_path / "a", out=tmp_path / "one") == merge(tmp_path / "copy", out=tmp_path / "two") == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_equal_fingerprints_with_unequal_numbers_are_a_machines_effect(tmp_path, capsys):
    make_run(tmp_path / "a", accuracy=50.0, cpu="A")
    make_run(tmp_path / "b", accuracy=50.5, cpu="B")

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 0

    assert "1 of them have other numbers on another machine" in capsys.readouterr().out
    (row,) = pd.read_csv(tmp_path / "out" / "tiny" / "machine_effects.csv").to_dict("records")
    assert (row["metric"], row["kept"], row["other"], row["difference"]) == ("knn_top1", 50.0, 50.5, 0.5)
    assert (row["kept_on"], row["other_on"]) == ("A", "B")


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"fingerprint": "g"}, "has other settings than"),
        ({"images": "x"}, "has other images than"),
        ({"images": "x", "seed": 1}, "describes other images than"),
    ],
)
def test_what_is_not_one_suite_is_refused(second, message, tmp_path, capsys):
    make_run(tmp_path / "a")
    make_run(tmp_path / "b", **second)

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["encoder.safetensors", "history.csv"])
def test_a_file_that_run_json_does_not_vouch_for_spreads_no_further(name, tmp_path, capsys):
    (make_run(tmp_path / "a") / name).write_text("changed")

    assert merge(tmp_path / "a", out=tmp_path / "out") == 2
    assert f"{name}: changed after the run" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_runs(tmp_path, capsys):
    assert merge(tmp_path, out=tmp_path / "out") == 2
    assert "no finished run below it" in capsys.readouterr().err


def test_an_archive_holds_everything_but_weights_and_says_so(tmp_path, capsys):
    original = make_run(tmp_path / "a")
    out = tmp_path / "archive"

    assert main(["merge", str(tmp_path / "a"), "--out", str(out), "--without-encoders"]) == 0

    archived = out / original.relative_to(tmp_path / "a")
    assert sorted(path.name for path in archived.iterdir()) == [
        "history.csv", "metrics.json", "resources.json", "run.json",
    ]  # fmt: skip
    record = read_record(archived / "run.json")
    assert damage(archived, record, whole=True) == ""
    assert not encoder_was_kept(record)
    make_run(tmp_path / "b", seed=1)
    assert merge(out, tmp_path / "b", out=tmp_path / "joined") == 0  # an archive is a part like others
    assert "2 runs" in capsys.readouterr().out
    (archived / "history.csv").write_text("epoch\n9\n")
    assert damage(archived, record) == "history.csv was changed after the run"
