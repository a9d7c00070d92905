"""The comparison that ends `make bench`."""

import json
from pathlib import Path

from benchmarks.parts import change

ROOT = Path(__file__).parents[3]


def bench_file(path: Path, median: float) -> Path:
    stats = {"median": median, "q1": 0.99 * median, "q3": 1.01 * median, "rounds": 5}
    machine = {"cpu": {"brand_raw": "a processor", "count": 2}, "processor": "x", "system": "Linux"}
    benchmark = {"fullname": "benchmarks/parts/test_a.py::test_b", "group": None, "stats": stats}
    path.write_text(json.dumps({"machine_info": machine, "benchmarks": [benchmark]}))
    return path


def test_the_change_against_a_stored_baseline_is_told(tmp_path, capsys):
    stored = ["--stored", str(tmp_path / "baseline.json")]
    first = ["--latest", str(bench_file(tmp_path / "first.json", 0.010)), *stored]
    assert change.main(first) == 0
    assert "compared with nothing" in capsys.readouterr().out
    assert change.main([*first, "--store"]) == 0
    capsys.readouterr()
    assert change.main(["--latest", str(bench_file(tmp_path / "second.json", 0.015)), *stored]) == 0
    said = capsys.readouterr().out
    assert "1 slower" in said
    assert "+50 %" in said
    assert str(tmp_path / "baseline.json") in said
    assert change.main(["--latest", str(tmp_path / "missing.json"), *stored]) == 2


def test_a_busy_machine_gives_no_baseline(tmp_path, capsys):
    latest = bench_file(tmp_path / "latest.json", 0.010)
    latest.write_text(json.dumps(json.loads(latest.read_text()) | {"foreign_load": 0.4}))
    assert change.main(["--latest", str(latest), "--stored", str(tmp_path / "baseline.json"), "--store"]) == 2
    assert "others had 40 % of the machine" in capsys.readouterr().err
    assert not (tmp_path / "baseline.json").exists()
