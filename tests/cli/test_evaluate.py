"""What `pretrain` leaves and `evaluate` makes of it: again from the file, told as it goes, with equal settings only."""

import json
import shutil
from pathlib import Path

from moco_bench.cli.main import main

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
