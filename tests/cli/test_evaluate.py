"""What `pretrain` leaves and `evaluate` makes of it: again from the file, told as it goes, with equal settings only."""

import json
import shutil
from pathlib import Path

import pytest

from moco_bench.cli.main import main
from moco_bench.files import read_mapping, sealed, write_json
from moco_bench.suite.equal_compute import known_runs
from moco_bench.suite.load import load_suite

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"
RUN = "digits/resnet-compact/both/seed0"


def test_one_run_leaves_its_files(smoke_results):
    directory = smoke_results / "smoke" / "runs" / RUN
    assert {path.name for path in directory.iterdir()} == {
        "encoder.safetensors", "history.csv", "metrics.json", "resources.json", "run.json"
    }  # fmt: skip
    metrics = json.loads((directory / "metrics.json").read_text())
    assert 30 < metrics["knn_top1"] <= 100
    assert not list((smoke_results / "smoke" / "checkpoints").rglob("*.ckpt"))


def test_an_evaluation_from_the_file_equals_the_one_after_training(smoke_results, tmp_path):
    copy = tmp_path / "results"
    shutil.copytree(smoke_results, copy)
    directory = copy / "smoke" / "runs" / RUN
    after_training = (directory / "metrics.json").read_bytes()
    shutil.rmtree(copy / "smoke" / "checkpoints")
    (directory / "metrics.json").unlink()

    assert main(["evaluate", str(SMOKE), "--run", RUN, "--results", str(copy)]) == 0

    assert (directory / "metrics.json").read_bytes() == after_training


@pytest.mark.parametrize("weights", ["same", "other"])
@pytest.mark.parametrize("place", ["beside the checkpoints", "with the lender"])
def test_an_evaluation_is_taken_over_from_the_same_weights_only(smoke_results, weights, place, tmp_path):
    copy = tmp_path / "results"
    shutil.copytree(smoke_results, copy)
    (wanted,) = (run for run in known_runs(load_suite(SMOKE), copy) if run.id == RUN)
    directory = wanted.directory(copy)
    record, honest = read_mapping(directory / "run.json"), (directory / "metrics.json").read_bytes()
    told = sealed({**json.loads(honest), "knn_top1": 100.0})
    encoder = record["hashes"]["encoder"] if weights == "same" else "0" * 64
    wanted.stored_evaluation(wanted.checkpoints(copy)).unlink()
    if place == "with the lender":
        write_json(copy / "lender" / "run.json", {"hashes": {"encoder": encoder}})
        write_json(copy / "lender" / "metrics.json", told)
        write_json(directory / "run.json", sealed({**record, "shared_from": "lender"}))
    else:
        write_json(wanted.stored_evaluation(wanted.checkpoints(copy)), {"encoder": encoder, "metrics": told})
    (directory / "metrics.json").unlink()

    assert main(["evaluate", str(SMOKE), "--run", RUN, "--results", str(copy)]) == 0

    assert ((directory / "metrics.json").read_bytes() == honest) == (weights == "other")


def test_floors(tmp_path):
    assert main(["evaluate", str(SMOKE), "--floors", "digits", "--results", str(tmp_path)]) == 0
    floors = json.loads((tmp_path / "smoke" / "floors" / "digits.json").read_text())
    assert floors["pixels"]["knn_top1"] > 80
    assert set(floors["random_encoder"]["resnet-compact"]) == {"0", "1"}


def test_an_evaluation_tells_how_far_it_is(smoke_results, tmp_path, capsys):
    copy = tmp_path / "results"
    shutil.copytree(smoke_results, copy)
    shutil.rmtree(copy / "smoke" / "checkpoints")

    assert main(["evaluate", str(SMOKE), "--run", RUN, "--results", str(copy)]) == 0

    printed = capsys.readouterr()
    assert printed.out == f"{copy / 'smoke' / 'runs' / RUN / 'metrics.json'}\n"
    told = printed.err.splitlines()
    assert told[0].startswith(f"{RUN}: evaluation: embeds ")
    assert told[-1] == f"{RUN}: evaluation: kNN and linear probe"


def test_an_evaluation_of_other_settings_leaves_no_file(smoke_results, tmp_path, capsys):
    copy = tmp_path / "results"
    shutil.copytree(smoke_results, copy)
    shutil.rmtree(copy / "smoke" / "checkpoints")
    changed = tmp_path / "smoke.yaml"
    changed.write_text(SMOKE.read_text().replace("epochs: ", "epochs: 1", 1))
    assert changed.read_text() != SMOKE.read_text()

    assert main(["evaluate", str(changed), "--run", RUN, "--results", str(copy)]) == 2

    assert "trained with other settings" in capsys.readouterr().err
    assert not (copy / "smoke" / "checkpoints").exists()
