import json

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.record import read_record

WHOLE = {
    "fingerprint": "f", "status": "done", "reason": None, "config": {}, "data": {"sha256": "d"}, "hashes": {},
}  # fmt: skip


def test_a_whole_record_is_read(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(WHOLE))

    assert read_record(tmp_path / "run.json") == WHOLE


@pytest.mark.parametrize("key", WHOLE)
@pytest.mark.parametrize("value", [None, 3, [], {"sha256": 1}, "absent"])
def test_what_others_rely_on_is_checked(tmp_path, key, value):
    record = {**WHOLE, key: value}
    if value == "absent":
        del record[key]
    elif key == "reason" or (key in ("config", "hashes") and isinstance(value, dict)):
        return
    (tmp_path / "run.json").write_text(json.dumps(record))

    with pytest.raises(InputError, match="not a run's record"):
        read_record(tmp_path / "run.json")
