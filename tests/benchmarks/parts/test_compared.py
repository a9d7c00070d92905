import json

import pytest

from benchmarks.parts.compared import joined
from moco_bench.errors import InputError


def raw(path, medians, cpu="Some CPU", **more):
    """What pytest-benchmark writes, as far as it is read here."""
    path.write_text(
        json.dumps(
            {
                "machine_info": {"node": "a-host", "system": "Linux", "cpu": {"brand_raw": cpu, "count": 2, **more}},
                "benchmarks": [
                    {
                        "name": name,
                        "fullname": f"benchmarks/parts/test_loss_speed.py::{name}",
                        "group": None,
                        "stats": {"median": ms / 1000, "q1": 0.95 * ms / 1000, "q3": 1.05 * ms / 1000, "rounds": 9},
                    }
                    for name, ms in medians.items()
                ],
            }
        )
    )
    return path


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "stored.json"
    path.write_text(json.dumps(joined(raw(tmp_path / "then.json", {"test_a": 10.0, "test_b": 10.0, "test_c": 10.0}))))
    return path


def verdicts(found):
    return {row["name"].split("::")[1]: row["verdict"] for row in found["benchmarks"]}


def test_without_anything_stored_there_is_no_change(tmp_path):
    found = joined(raw(tmp_path / "now.json", {"test_a": 12.0}))
    assert found["compared_with"] is None
    (row,) = found["benchmarks"]
    assert row == {
        "name": "test_loss_speed.py::test_a", "group": None, "median_ms": 12.0,
        "q1_ms": pytest.approx(11.4), "q3_ms": pytest.approx(12.6), "rounds": 9,
    }  # fmt: skip


def test_a_change_needs_the_margin_and_separate_quartiles(tmp_path, stored):
    now = raw(tmp_path / "now.json", {"test_a": 12.0, "test_b": 10.4, "test_c": 8.0, "test_d": 1.0})
    found = joined(now, stored)
    assert verdicts(found) == {"test_a": "slower", "test_b": "no change", "test_c": "faster", "test_d": "new"}
    assert found["benchmarks"][0]["change"] == pytest.approx(0.2)


def test_another_machine_is_not_judged(tmp_path, stored):
    now = raw(tmp_path / "now.json", {"test_a": 90.0}, cpu="Another CPU")
    assert verdicts(joined(now, stored)) == {"test_a": "another machine"}


def test_a_namesake_with_other_instructions_is_another_machine(tmp_path):
    stored, flags = tmp_path / "stored.json", ["sse2", "avx2"]
    stored.write_text(json.dumps(joined(raw(tmp_path / "then.json", {"test_a": 10.0}, flags=flags, family=25))))
    for more, verdict in (
        ({"flags": flags, "family": 25}, "slower"),
        ({"flags": [*flags, "avx512f"], "family": 25}, "another machine"),
        ({"flags": flags, "family": 26}, "another machine"),
    ):
        now = raw(tmp_path / "now.json", {"test_a": 90.0}, **more)
        assert verdicts(joined(now, stored)) == {"test_a": verdict}


def test_times_beside_a_busy_neighbour_are_not_judged(tmp_path, stored):
    now = raw(tmp_path / "now.json", {"test_a": 90.0})
    for load, verdict in ((None, "slower"), (0.01, "slower"), (0.3, "busy machine")):
        now.write_text(json.dumps(json.loads(now.read_text()) | {"foreign_load": load}))
        found = joined(now, stored)
        assert verdicts(found) == {"test_a": verdict}
        assert found["foreign_load"] == load


def test_host_names_stay_out(tmp_path):
    assert "a-host" not in json.dumps(joined(raw(tmp_path / "now.json", {"test_a": 1.0})))


@pytest.mark.parametrize("text", ["[]", "{}", '{"machine_info": {}, "benchmarks": []}', '{"benchmarks": 3}'])
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "now.json").write_text(text)
    with pytest.raises(InputError, match="not a result of pytest-benchmark"):
        joined(tmp_path / "now.json")


def test_a_raw_file_is_no_stored_one(tmp_path, stored):
    now = raw(tmp_path / "now.json", {"test_a": 1.0})
    with pytest.raises(InputError, match="of this version"):
        joined(now, now)
