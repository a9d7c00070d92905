"""The tools that measure profiling itself, on a few steps, and the comparison that ends `make bench`."""

import importlib.util
import json
import statistics
from pathlib import Path

import pytest

from moco_bench.profile.stepper import Stepper

TOOLS = Path(__file__).parents[2] / "tools"


def load(name: str):
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_step_that_profiling_is_compared_with_is_that_of_the_loop(make_runs, dataset):
    """Same operators, and no more of them: what the stepper adds would show as a cost, not hide in the base."""
    tool = load("profiling_cost")
    run = make_runs("vanilla")["vanilla"]
    kinds = tool.kinds_of_step(run, dataset)
    assert list(kinds) == ["train", "train again", "stepper", "clock", "memory", "memory, heap", "operations"]
    ratios = tool.measure(kinds, 2, 1)
    assert "train" not in ratios
    assert all(len(values) == 2 and min(values) > 0 for values in ratios.values())


def test_a_costly_step_is_seen(monkeypatch):
    tool = load("profiling_cost")
    clock = iter(range(10_000))
    monkeypatch.setattr(tool.time, "process_time", lambda: spent[0] + 0 * next(clock))
    spent = [0.0]

    def taking(seconds):
        def step():
            spent[0] += seconds

        return step

    ratios = tool.measure({"train": taking(1.0), "clock": taking(1.5)}, 4, 2)
    assert tool.quartiles(ratios["clock"]) == (1.5, 1.5, 1.5)


def test_unwatched_steps_of_a_profile_pass_through_no_stand_in(make_runs, dataset, monkeypatch):
    """Why profiling costs nothing where it is off: not because it was found to be little."""
    from moco_bench.profile import stepper as module

    def observed(*given):
        raise AssertionError("a step that nobody watches was wrapped")

    monkeypatch.setattr(module, "observed", observed)
    Stepper(make_runs("vanilla")["vanilla"], dataset).step()


def test_agreement_is_the_largest_distance_from_the_median():
    tool = load("repeat_profile")
    assert tool.agreement([100.0, 104.0, 97.0]) == (100.0, pytest.approx(0.04))
    assert tool.agreement([5.0]) == (5.0, 0.0)


def test_repeated_profiles_are_processes_of_their_own(capsys):
    tool = load("repeat_profile")
    assert tool.main(["--times", "2", "--rounds", "2", "--steps", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    first, second = found["profiles"]
    assert first["vanilla, tensors MiB"] == second["vanilla, tensors MiB"]  # bytes repeat exactly
    assert found["agreement"]["vanilla, peak MiB"][1] < 0.05
    times = [profile["vanilla, ms"] for profile in found["profiles"]]
    assert found["agreement"]["vanilla, ms"][0] == statistics.median(times)
    assert all(profile["vanilla, ms"] <= profile["vanilla, ms, first of each turn"] for profile in found["profiles"])
    assert {"dual over vanilla", "both over vanilla, first of each turn"} <= set(found["agreement"])


def bench_file(path: Path, median: float) -> Path:
    stats = {"median": median, "q1": 0.99 * median, "q3": 1.01 * median, "rounds": 5}
    machine = {"cpu": {"brand_raw": "a processor", "count": 2}, "processor": "x", "system": "Linux"}
    benchmark = {"fullname": "tests/benchmarks/test_a.py::test_b", "group": None, "stats": stats}
    path.write_text(json.dumps({"machine_info": machine, "benchmarks": [benchmark]}))
    return path


def test_collect_says_what_it_compared(tmp_path, capsys):
    """The whole way: stored, measured again, joined to a suite's results."""
    from moco_bench.cli.main import main

    tool, stored = load("benchmark_change"), tmp_path / "baseline.json"
    tool.main(["--latest", str(bench_file(tmp_path / "first.json", 0.015)), "--stored", str(stored), "--store"])
    suite = TOOLS.parent / "config" / "smoke.yaml"
    latest = bench_file(tmp_path / "second.json", 0.010)
    words = ["--benchmarks", str(latest), "--stored-benchmarks", str(stored)]
    assert main(["collect", str(suite), "--results", str(tmp_path), *words]) == 0
    assert f"1 benchmarks against {stored}: 1 faster" in capsys.readouterr().out
    (row,) = json.loads((tmp_path / "smoke" / "benchmarks.json").read_text())["benchmarks"]
    assert row["change"] == pytest.approx(-1 / 3)


def test_the_change_against_a_stored_baseline_is_told(tmp_path, capsys):
    tool = load("benchmark_change")
    stored = ["--stored", str(tmp_path / "baseline.json")]
    first = ["--latest", str(bench_file(tmp_path / "first.json", 0.010)), *stored]
    assert tool.main(first) == 0
    assert "compared with nothing" in capsys.readouterr().out
    assert tool.main([*first, "--store"]) == 0
    capsys.readouterr()
    assert tool.main(["--latest", str(bench_file(tmp_path / "second.json", 0.015)), *stored]) == 0
    said = capsys.readouterr().out
    assert "1 slower" in said
    assert "+50 %" in said
    assert str(tmp_path / "baseline.json") in said
    assert tool.main(["--latest", str(tmp_path / "missing.json"), *stored]) == 2


def test_a_busy_machine_gives_no_baseline(tmp_path, capsys):
    tool, latest = load("benchmark_change"), bench_file(tmp_path / "latest.json", 0.010)
    latest.write_text(json.dumps(json.loads(latest.read_text()) | {"foreign_load": 0.4}))
    assert tool.main(["--latest", str(latest), "--stored", str(tmp_path / "baseline.json"), "--store"]) == 2
    assert "others had 40 % of the machine" in capsys.readouterr().err
    assert not (tmp_path / "baseline.json").exists()
