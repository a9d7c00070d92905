"""Results of several machines in one folder: nothing lost, nothing believed that a hash contradicts."""

import json
import os
import shutil

import pandas as pd
import pytest

from moco_bench.cli.main import main
from moco_bench.files import SEAL, read_mapping, sealed, sha256_of, write_json
from moco_bench.suite.on_disk.hashes import damage, encoder_was_kept
from moco_bench.suite.on_disk.record import read_record


def merge(*roots, out):
    return main(["merge", *map(str, roots), "--out", str(out)])


def tree(root):
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_parts_of_two_machines_become_one(make_run, tmp_path, capsys):
    first = make_run(tmp_path / "a", seed=0)
    make_run(tmp_path / "b", seed=1)

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 0

    assert "2 runs" in capsys.readouterr().out
    merged = tmp_path / "out" / first.relative_to(tmp_path / "a")
    assert tree(merged) == tree(first)
    assert (merged.parent / "seed1" / "metrics.json").exists()
    pointer = json.loads((tmp_path / "out" / ".finished" / f"{sha256_of(['f', 'vanilla', 1])}.json").read_text())
    assert pointer == {"directory": "tiny/runs/digits/net/vanilla/seed1"}
    before = tree(tmp_path / "out")
    assert merge(tmp_path / "b", tmp_path / "a", out=tmp_path / "out") == 0  # again, in another order
    assert tree(tmp_path / "out") == before


def test_copies_without_time_stamps_are_as_good_as_originals(make_run, tmp_path):
    make_run(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "copy", copy_function=shutil.copyfile)
    for path in (tmp_path / "copy").rglob("*"):
        os.utime(path, (0, 0))

    assert merge(tmp_path / "a", out=tmp_path / "one") == merge(tmp_path / "copy", out=tmp_path / "two") == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_equal_fingerprints_with_unequal_numbers_are_a_machines_effect(make_run, tmp_path, capsys):
    make_run(tmp_path / "a", accuracy=50.0, cpu="A")
    make_run(tmp_path / "b", accuracy=50.5, cpu="B")

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 0

    assert "other numbers on another machine in 1 of its runs and baselines" in capsys.readouterr().out
    (row,) = pd.read_csv(tmp_path / "out" / "tiny" / "machine_effects.csv").to_dict("records")
    assert (row["metric"], row["kept"], row["other"], row["difference"]) == ("knn_top1", 50.0, 50.5, 0.5)
    assert (row["kept_on"], row["other_on"]) == ("A", "B")


@pytest.mark.parametrize(("second", "listed"), [("f d", 1), ("other-settings d", 0), ("f other-images", 0)])
def test_unequal_baselines_are_a_machines_effect_too(make_run, tmp_path, second, listed):
    for root, made_with, accuracy in (("a", "f d", 40.0), ("b", second, 40.5)):
        make_run(tmp_path / root, seed=ord(root))
        pixels = {"knn_top1": accuracy, "linear_top1": 30.0}
        settings, images = made_with.split()
        untrained = {"net": {"0": {"knn_top1": 20.0}}}
        floors = {"fingerprint": settings, "data_sha256": images, "pixels": pixels, "random_encoder": untrained}
        write_json(tmp_path / root / "tiny" / "floors" / "digits.json", sealed(floors))

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 0

    path = tmp_path / "out" / "tiny" / "machine_effects.csv"
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    assert [(row["run"], row["metric"], row["kept"], row["other"]) for row in rows] == [
        ("tiny/floors/digits.json: pixels", "knn_top1", 40.0, 40.5)
    ] * listed
    assert read_mapping(tmp_path / "out" / "tiny" / "floors" / "digits.json")["pixels"]["knn_top1"] == 40.0


def test_an_edited_manifest_is_not_merged(make_run, tmp_path, capsys):
    make_run(tmp_path / "a")
    path = tmp_path / "a" / "tiny" / "data" / "digits.json"
    content = read_mapping(path)
    write_json(path, {**sealed(content), "train_images": 999})
    assert merge(tmp_path / "a", out=tmp_path / "out") == 2
    assert "data/digits.json: changed after it was written" in capsys.readouterr().err
    for out, whole in (("older", content), ("newer", sealed(content))):
        write_json(path, whole)
        assert merge(tmp_path / "a", out=tmp_path / out) == 0
        assert read_mapping(tmp_path / out / "tiny" / "data" / "digits.json") == whole


def test_what_an_earlier_merge_listed_is_kept(make_run, tmp_path):
    make_run(tmp_path / "a", accuracy=50.123456789012)
    make_run(tmp_path / "b", accuracy=50.5)
    make_run(tmp_path / "c", seed=1)
    for roots, out in ((("a", "b"), "out"), (("c",), "out"), (("a", "b"), "out"), (("out",), "further")):
        assert merge(*(tmp_path / root for root in roots), out=tmp_path / out) == 0
    for out in ("out", "further"):  # the runs that were not kept are in neither
        (row,) = pd.read_csv(tmp_path / out / "tiny" / "machine_effects.csv").to_dict("records")
        assert (row["kept"], row["other"]) == (50.12345679, 50.5)
    (tmp_path / "out" / "tiny" / "machine_effects.csv").write_text("changed\n")
    assert merge(tmp_path / "c", out=tmp_path / "out") == 2


def fail(directory):
    record = read_mapping(directory / "run.json")
    write_json(directory / "run.json", sealed({**record, "status": "failed", "reason": "the loss became NaN"}))
    (directory / "metrics.json").unlink()


@pytest.mark.parametrize("first", ["a", "b"])
def test_a_run_that_failed_on_one_machine_is_not_replaced_by_one_that_did_not(make_run, first, tmp_path):
    fail(make_run(tmp_path / "a"))
    place = make_run(tmp_path / "b").relative_to(tmp_path / "b")
    status = {"a": "failed", "b": "done"}

    second = "b" if first == "a" else "a"
    assert merge(tmp_path / first, tmp_path / second, out=tmp_path / "out") == 0
    assert read_record(tmp_path / "out" / place / "run.json")["status"] == status[first]
    (row,) = pd.read_csv(tmp_path / "out" / "tiny" / "machine_effects.csv").to_dict("records")
    assert (row["metric"], row["kept"], row["other"]) == ("status", status[first], status[second])


@pytest.mark.parametrize("settings", ["e", "others"])
def test_of_two_evaluations_with_unequal_settings_it_is_said_which_is_kept(make_run, settings, tmp_path, capsys):
    first = make_run(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    second = tmp_path / "b" / first.relative_to(tmp_path / "a")
    metrics = {"knn_top1": 50.0, "evaluation_fingerprint": settings, "data_sha256": "d"}
    write_json(second / "metrics.json", sealed(metrics))

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 0
    told = f"{second}: evaluated with other settings than {first}; the evaluation in {first} is kept"
    assert (told in capsys.readouterr().err) == (settings == "others")


def test_a_profile_is_of_one_machine(make_run, tmp_path):
    for name, files in (("a", ("time.csv", "profile.json")), ("b", ("time.csv", "queues.csv", "profile.json"))):
        make_run(tmp_path / name, seed=ord(name))
        (tmp_path / name / "tiny" / "profile").mkdir()
        for file in files:
            (tmp_path / name / "tiny" / "profile" / file).write_text(name)

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 0
    found = {path.name: path.read_text() for path in (tmp_path / "out" / "tiny" / "profile").iterdir()}
    assert found == {"time.csv": "a", "profile.json": "a"}


def edit(name, **changes):
    """Change values of a JSON file; what becomes of its hash is another matter."""

    def change(directory):
        path = directory / name
        content = {**read_mapping(path), **changes}
        write_json(path, {key: value for key, value in content.items() if value is not None})

    return change


def unhashed(directory):
    record = read_mapping(directory / "run.json")
    write_json(directory / "run.json", sealed({**record, "files": {}}))


def linked(name, target):
    def change(directory):
        path = directory / name
        if path.exists():
            path.unlink()
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(target)

    return change


SUITE = "../../../../.."
UNSEEN = {
    "encoder edited": (lambda run: (run / "encoder.safetensors").write_text("99.0"), "encoder.safetensors was changed"),
    "history edited": (lambda run: (run / "history.csv").write_text("changed"), "history.csv was changed"),
    "resources lost": (lambda run: (run / "resources.json").unlink(), "resources.json is missing"),
    "no hashes of files": (unhashed, "run.json has no hash of encoder.safetensors"),
    "metrics edited": (edit("metrics.json", knn_top1=99.0), "metrics.json: changed after it was written"),
    "metrics without a hash": (edit("metrics.json", **{SEAL: None}), "metrics.json: changed after it was written"),
    "metrics of other images": (
        lambda run: write_json(run / "metrics.json", sealed({"data_sha256": "other", "knn_top1": 99.0})),
        "about other images",
    ),
    "floors without a hash": (
        lambda run: write_json(run / SUITE / "floors/digits.json", {"pixels": {"knn_top1": 1.0}}),
        "digits.json: changed after it was written, or without a hash",
    ),
    "an encoder that is a link to elsewhere": (linked("encoder.safetensors", "/etc/passwd"), "a link out of"),
    "a profile that is a link to elsewhere": (linked(f"{SUITE}/profile/time.csv", "/etc/passwd"), "a link out of"),
    "metrics that never end": (linked("metrics.json", "/dev/zero"), "a link out of"),
}


def test_numbers_of_other_evaluations_are_no_machine_effect(make_run, tmp_path):
    make_run(tmp_path / "a", accuracy=50.0)
    second = make_run(tmp_path / "b", accuracy=50.5)
    write_json(second / "metrics.json", sealed({"knn_top1": 50.5, "evaluation_fingerprint": "other"}))

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 0
    assert not (tmp_path / "out" / "tiny" / "machine_effects.csv").exists()


def test_merged_weights_keep_the_time_stamp_that_plans_trust(make_run, tmp_path):
    original = make_run(tmp_path / "a")
    merge(tmp_path / "a", out=tmp_path / "out")

    weights = tmp_path / "out" / original.relative_to(tmp_path / "a") / "encoder.safetensors"
    stamp = read_record(original / "run.json")["files"][weights.name]["mtime_ns"]
    assert weights.stat().st_mtime_ns == stamp


def test_a_folder_merged_with_itself_stays_as_it_is(make_run, tmp_path, monkeypatch):
    make_run(tmp_path / "results")
    before = tree(tmp_path / "results")
    (tmp_path / "link").symlink_to("results")
    monkeypatch.chdir(tmp_path)

    for name in ("results", "link", tmp_path / "results", "link/../results"):
        assert merge(name, out="results") == 0
        assert {place: content for place, content in tree(tmp_path / "results").items() if place in before} == before


def test_a_folder_without_runs(tmp_path, capsys):
    assert merge(tmp_path, out=tmp_path / "out") == 2
    assert "no finished run below it" in capsys.readouterr().err


def test_an_archive_holds_everything_but_weights_and_says_so(make_run, tmp_path, capsys):
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


def test_an_archive_leaves_out_what_still_needs_its_weights(make_run, tmp_path, capsys):
    make_run(tmp_path / "a")
    waiting = make_run(tmp_path / "a", seed=1)
    (waiting / "metrics.json").unlink()

    assert main(["merge", str(tmp_path / "a"), "--out", str(tmp_path / "out"), "--without-encoders"]) == 1

    said = capsys.readouterr()
    assert "seed1: not evaluated yet" in said.err
    assert ": 1 runs" in said.out
    assert not (tmp_path / "out" / waiting.relative_to(tmp_path / "a")).exists()
