"""Less than a tenth of an arm's memory is unattributed, and a meter that overlooks tensors can't stay below that."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SUITE = HERE.parents[1] / "config" / "quickstart.yaml"
BOUND = 0.1


def measured(hidden: str) -> dict:
    command = [sys.executable, str(HERE / "measure_arm.py"), str(SUITE), "both", hidden]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parents[1])
    return json.loads(ran.stdout)


def test_little_is_unattributed_of_the_peak_and_of_what_lies_above_the_baseline():
    found = measured("nothing")
    assert found["of_peak"] < BOUND
    assert found["above_baseline"] < BOUND
    assert 0 < found["parts"]["library_objects"] < 16
    counters = found["counters"]
    if counters["heap_growth"] is not None:
        assert counters["tensor_growth"] == pytest.approx(counters["heap_growth"], rel=0.05)


@pytest.mark.parametrize("hidden", ["forward", "steps"])
def test_hidden_tensors_break_the_bound(hidden):
    found = measured(hidden)
    assert found["above_baseline"] > BOUND
    assert found["unattributed"] > 5
