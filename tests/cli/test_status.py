"""`moco-bench status`: how far each arm is."""

import json
from pathlib import Path

from moco_bench.cli.main import main

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"


def test_runs_are_counted_by_arm_and_state(smoke_results, capsys):
    assert main(["status", str(SMOKE), "--results", str(smoke_results), "--json"]) == 0
    cells = {cell["arm"]: cell for cell in json.loads(capsys.readouterr().out)["cells"]}
    assert (cells["both"]["done"], cells["both"]["new"], cells["vanilla"]["new"]) == (1, 1, 2)
