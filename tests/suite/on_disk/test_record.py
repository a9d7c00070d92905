import json

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.on_disk.record import read_record

WHOLE = {
    "fingerprint": "f", "status": "done", "reason": None, "config": {}, "data": {"sha256": "d"}, "hashes": {},
}  # fmt: skip


def test_a_whole_record_is_read(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(WHOLE))

    assert read_record(tmp_path / "run.json") == WHOLE


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": None},
        {"status": "missing"},
        {"config": []},
        {"data": None},
        {"data": {}},
        {"data": {"sha256": 1}},
        {"hashes": "x"},
    ],
)
def test_what_others_rely_on_is_checked(tmp_path, changes):
    (tmp_path / "run.json").write_text(json.dumps(WHOLE | changes))

    with pytest.raises(InputError, match="not a run's record"):
        read_record(tmp_path / "run.json")


@pytest.mark.parametrize("key", WHOLE)
def test_nothing_of_it_may_be_absent(tmp_path, key):
    (tmp_path / "run.json").write_text(json.dumps({name: value for name, value in WHOLE.items() if name != key}))

    with pytest.raises(InputError, match="not a run's record"):
        read_record(tmp_path / "run.json")
