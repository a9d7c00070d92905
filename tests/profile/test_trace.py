import gzip
import json

import pytest

from moco_bench.profile.stepper import Stepper
from moco_bench.profile.trace import write_trace


@pytest.mark.parametrize("ending", ["json", "json.gz"])
def test_a_trace_names_arms_and_parts(make_runs, dataset, tmp_path, ending):
    path = tmp_path / f"trace.{ending}"
    steppers = {arm: Stepper(run, dataset) for arm, run in make_runs("vanilla", "dual").items()}
    write_trace(path, steppers)
    text = gzip.decompress(path.read_bytes()) if ending.endswith("gz") else path.read_bytes()
    names = {event.get("name") for event in json.loads(text)["traceEvents"]}
    assert {"vanilla", "dual", "vanilla/loss", "dual/backward", "aten::mm"} <= names
    assert list(tmp_path.iterdir()) == [path]
