"""What no hash vouches for is no run of another machine, and copies of one run complete each other."""

import shutil

import pytest

from moco_bench.cli.main import main
from moco_bench.files import SEAL, read_mapping, sealed, write_json
from moco_bench.suite.on_disk.hashes import damage, encoder_was_kept
from moco_bench.suite.on_disk.record import read_record


def merge(*roots, out):
    return main(["merge", *map(str, roots), "--out", str(out)])


def test_copies_of_one_run_complete_each_other(make_run, tmp_path):
    """An archive has the evaluation and not the weights, a machine that was stopped the weights alone."""
    trained = make_run(tmp_path / "trained")
    shutil.copytree(tmp_path / "trained", tmp_path / "evaluated")
    (trained / "metrics.json").unlink()
    assert main(["merge", str(tmp_path / "evaluated"), "--without-encoders", "--out", str(tmp_path / "archive")]) == 0
    for order in (("trained", "archive"), ("archive", "trained")):
        out = tmp_path / "-".join(order)
        for root in order:  # one after the other into the same folder
            assert merge(tmp_path / root, out=out) == 0
        assert merge(*(tmp_path / root for root in order), out=tmp_path / "at-once" / order[0]) == 0
        for root in (out, tmp_path / "at-once" / order[0]):
            run = root / trained.relative_to(tmp_path / "trained")
            assert {path.name for path in run.iterdir()} == {
                "encoder.safetensors", "history.csv", "metrics.json", "resources.json", "run.json"
            }  # fmt: skip
            record = read_record(run / "run.json")
            assert encoder_was_kept(record)
            assert damage(run, record, whole=True) == ""
            assert not (root / "tiny" / "machine_effects.csv").exists()


def test_of_unequal_numbers_the_first_are_kept_with_weights_or_without(make_run, tmp_path):
    make_run(tmp_path / "first", accuracy=50.0)
    place = make_run(tmp_path / "again", accuracy=50.5).relative_to(tmp_path / "again")
    assert main(["merge", str(tmp_path / "first"), "--without-encoders", "--out", str(tmp_path / "out")]) == 0
    assert merge(tmp_path / "again", out=tmp_path / "out") == 0
    assert read_mapping(tmp_path / "out" / place / "metrics.json")["knn_top1"] == 50.0


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


@pytest.mark.parametrize("way", UNSEEN)
def test_what_no_hash_vouches_for_spreads_no_further(make_run, way, tmp_path, capsys):
    change, message = UNSEEN[way]
    change(make_run(tmp_path / "a"))

    assert merge(tmp_path / "a", out=tmp_path / "out") == 2
    complaint = capsys.readouterr().err
    assert message in complaint
    assert complaint.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_fingerprint_that_would_be_a_path_is_no_runs_and_nothing_is_written_elsewhere(make_run, tmp_path, capsys):
    record = make_run(tmp_path / "a") / "run.json"
    write_json(record, sealed({**read_mapping(record), "fingerprint": "../../elsewhere"}))
    make_run(tmp_path / "a", seed=1)

    assert merge(tmp_path / "a", out=tmp_path / "out" / "inner") == 1
    assert "not a run's record" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"a", "out"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["inner"]


@pytest.mark.parametrize("changes", [{"seed": 9}, {SEAL: None}])
def test_a_run_whose_record_was_edited_is_left_out_and_named(make_run, changes, tmp_path, capsys):
    edit("run.json", **changes)(make_run(tmp_path / "a", seed=0))
    make_run(tmp_path / "a", seed=1)

    assert merge(tmp_path / "a", out=tmp_path / "out") == 1
    assert "left out: " in capsys.readouterr().err
    assert [path.parent.name for path in (tmp_path / "out").rglob("run.json")] == ["seed1"]
