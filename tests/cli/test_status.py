"""`moco-bench status`: how far each arm is."""

import json
import shutil
from pathlib import Path

from moco_bench.cli.main import main
from moco_bench.files import read_mapping, sealed, write_json

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"


def test_runs_are_counted_by_arm_and_state(smoke_results, capsys):
    assert main(["status", str(SMOKE), "--results", str(smoke_results), "--json"]) == 0
    cells = {cell["arm"]: cell for cell in json.loads(capsys.readouterr().out)["cells"]}
    assert (cells["both"]["done"], cells["both"]["new"], cells["vanilla"]["new"]) == (1, 1, 2)


def test_a_reason_from_elsewhere_is_one_printable_line(smoke_results, tmp_path, capsys):
    copy = tmp_path / "results"
    shutil.copytree(smoke_results, copy)
    record = copy / "smoke" / "runs" / "digits" / "resnet-compact" / "both" / "seed0" / "run.json"
    reason = "diverged \x1b[2J\ud800\nfailed: another run" + "x" * 10_000
    write_json(record, sealed({**read_mapping(record), "status": "failed", "reason": reason}))

    assert main(["status", str(SMOKE), "--results", str(copy)]) == 0

    (line,) = (line for line in capsys.readouterr().out.splitlines() if "diverged" in line)
    assert line.isprintable()
    assert "failed: another run" in line
    assert len(line) < 500
