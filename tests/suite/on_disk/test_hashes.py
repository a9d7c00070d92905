import os

import pytest

from moco_bench.suite.on_disk.hashes import ENCODER, LARGE, RESULT_FILES, damage, describe_files, without_encoder


@pytest.fixture
def record(tmp_path):
    for name in RESULT_FILES:
        (tmp_path / name).write_bytes(name.encode())
    return {"files": describe_files(tmp_path)}


def rewrite(path, content):
    """Other bytes under the old time stamp."""
    stamp = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(stamp, stamp))


def test_whole_files_have_no_damage_also_as_copies_with_other_time_stamps(record, tmp_path):
    assert damage(tmp_path, record) == ""
    for name in RESULT_FILES:
        os.utime(tmp_path / name, (0, 0))
    assert damage(tmp_path, record) == ""


@pytest.mark.parametrize("name", RESULT_FILES)
def test_a_missing_or_edited_file_is_named(record, tmp_path, name):
    rewrite(tmp_path / name, name.encode()[::-1])
    assert damage(tmp_path, record) == f"{name} was changed after the run"
    (tmp_path / name).unlink()
    assert damage(tmp_path, record) == f"{name} is missing"


def test_a_large_file_is_hashed_where_its_time_stamp_is_another_or_all_is_asked_for(tmp_path, record):
    (tmp_path / ENCODER).write_bytes(bytes(LARGE + 1))
    large = {"files": describe_files(tmp_path)}
    rewrite(tmp_path / ENCODER, b"\1" * (LARGE + 1))

    assert damage(tmp_path, large) == ""
    assert damage(tmp_path, large, whole=True) == f"{ENCODER} was changed after the run"
    os.utime(tmp_path / ENCODER, (0, 0))
    assert damage(tmp_path, large) == f"{ENCODER} was changed after the run"


def test_a_record_without_hashes_is_not_trusted(record, tmp_path):
    assert damage(tmp_path, {}) == "run.json has no hashes of the files beside it"
    del record["files"]["history.csv"]
    assert damage(tmp_path, record) == "run.json has no hash of history.csv"


def test_an_archive_may_lack_its_weights_and_nothing_else(record, tmp_path):
    archived = without_encoder(record)
    (tmp_path / ENCODER).unlink()

    assert damage(tmp_path, archived) == ""
    assert damage(tmp_path, record) == f"{ENCODER} is missing"
    (tmp_path / "history.csv").unlink()
    assert damage(tmp_path, archived) == "history.csv is missing"
