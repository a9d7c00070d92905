"""One profile's files, whole, and none of an earlier one's."""

import csv
import json

import pytest

from moco_bench.profile import files
from moco_bench.profile.files import write_files, write_rows


def test_tables_of_an_earlier_profile_go(tmp_path):
    folder = tmp_path / "profile"
    write_files(folder, {"leak_verdicts": [{"arm": "a"}], "time": [{"a": 1}], "growth": [{"b": 1}]}, {"n": 1})
    (folder / "step.json.gz").write_text("a trace that somebody keeps here")
    write_files(folder, {"time": [{"a": 2}], "growth": []}, {"n": 2})
    assert sorted(path.name for path in folder.iterdir()) == ["profile.json", "step.json.gz", "time.csv"]
    with open(folder / "time.csv", newline="") as handle:
        assert list(csv.DictReader(handle)) == [{"a": "2"}]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_full_disk_leaves_the_earlier_profile_whole(tmp_path, monkeypatch):
    folder = tmp_path / "profile"
    write_files(folder, {"time": [{"a": 1}], "leak": [{"b": 1}]}, {"n": 1})

    def full(path, value):
        raise OSError("no space left")

    monkeypatch.setattr(files, "write_json", full)
    with pytest.raises(OSError, match="no space"):
        write_files(folder, {"time": [{"a": 2}]}, {"n": 2})
    assert json.loads((folder / "profile.json").read_text()) == {"n": 1}
    assert sorted(path.name for path in folder.iterdir()) == ["leak.csv", "profile.json", "time.csv"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_kill_on_the_way_leaves_no_summary(tmp_path, monkeypatch):
    folder = tmp_path / "profile"
    write_files(folder, {"time": [{"a": 1}], "growth": [{"b": 1}]}, {"n": 1})
    unlink = type(folder).unlink

    def killed(self, missing_ok=False):
        if self.name == "growth.csv":
            raise KeyboardInterrupt
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(type(folder), "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        write_files(folder, {"time": [{"a": 2}]}, {"n": 2})
    assert not (folder / "profile.json").exists()


def test_a_table_must_be_known_or_it_would_be_left_behind(tmp_path):
    with pytest.raises(ValueError, match="novel"):
        write_files(tmp_path / "profile", {"novel": [{"a": 1}]}, {})


def test_tables_say_nothing_where_nothing_is_known(tmp_path):
    write_rows(tmp_path / "a.csv", [{"x": 1.5, "y": None, "z": True}])
    assert (tmp_path / "a.csv").read_text() == "x,y,z\n1.5,,true\n"
    write_rows(tmp_path / "b.csv", [])
    assert not (tmp_path / "b.csv").exists()
