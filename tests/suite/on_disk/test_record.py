import json

import pytest

from moco_bench.errors import InputError
from moco_bench.files import sealed
from moco_bench.suite.on_disk.record import read_record

PARTS = {
    "fingerprint": "f" * 64, "status": "done", "reason": None, "config": {}, "data": {"sha256": "d"}, "hashes": {},
}  # fmt: skip
WHOLE = sealed(PARTS)


def test_a_whole_record_is_read(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(WHOLE))

    assert read_record(tmp_path / "run.json") == WHOLE


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": None},
        {"fingerprint": "../" * 3 + "elsewhere"},
        {"fingerprint": "F" * 64},
        {"fingerprint": "f" * 64 + "\n"},
        {"status": "missing"},
        {"config": []},
        {"data": None},
        {"data": {}},
        {"data": {"sha256": 1}},
        {"hashes": "x"},
    ],
)
def test_what_others_rely_on_is_checked(tmp_path, changes):
    (tmp_path / "run.json").write_text(json.dumps(sealed(PARTS | changes)))

    with pytest.raises(InputError, match="not a run's record"):
        read_record(tmp_path / "run.json")


@pytest.mark.parametrize("key", PARTS)
def test_nothing_of_it_may_be_absent(tmp_path, key):
    (tmp_path / "run.json").write_text(
        json.dumps(sealed({name: value for name, value in PARTS.items() if name != key}))
    )

    with pytest.raises(InputError, match="not a run's record"):
        read_record(tmp_path / "run.json")


@pytest.mark.parametrize(
    ("content", "message"), [(PARTS, "not a run's record"), (WHOLE | {"seed": 9}, "was changed after")]
)
def test_a_record_without_its_hash_or_with_another_is_none(tmp_path, content, message):
    (tmp_path / "run.json").write_text(json.dumps(content))

    with pytest.raises(InputError, match=message):
        read_record(tmp_path / "run.json")
