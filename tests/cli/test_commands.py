"""Each command through `main`, as a user calls it, on the smoke suite."""

import json
import shutil
from pathlib import Path

import pytest

from moco_bench.cli.main import COMMANDS, main

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"
RUN = "digits/resnet-compact/both/seed0"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with one finished run of the smoke suite."""
    folder = tmp_path_factory.mktemp("results")
    where = ["--results", str(folder)]
    assert main(["prepare", str(SMOKE), "--dataset", "digits", *where]) == 0
    assert main(["pretrain", str(SMOKE), "--run", RUN, *where]) == 0
    assert main(["evaluate", str(SMOKE), "--run", RUN, *where]) == 0
    return folder


def test_one_run_leaves_its_files(results):
    directory = results / "smoke" / "runs" / RUN
    assert {path.name for path in directory.iterdir()} == {
        "encoder.safetensors", "history.csv", "metrics.json", "resources.json", "run.json"
    }  # fmt: skip
    metrics = json.loads((directory / "metrics.json").read_text())
    assert 30 < metrics["knn_top1"] <= 100
    assert not list((results / "smoke" / "checkpoints").rglob("*.ckpt"))


def test_an_evaluation_from_the_file_equals_the_one_after_training(results, tmp_path):
    copy = tmp_path / "results"
    shutil.copytree(results, copy)
    directory = copy / "smoke" / "runs" / RUN
    after_training = (directory / "metrics.json").read_bytes()
    shutil.rmtree(copy / "smoke" / "checkpoints")
    (directory / "metrics.json").unlink()

    assert main(["evaluate", str(SMOKE), "--run", RUN, "--results", str(copy)]) == 0

    assert (directory / "metrics.json").read_bytes() == after_training


def test_plan_and_status_know_what_is_done(results, capsys):
    assert main(["plan", str(SMOKE), "--results", str(results), "--json"]) == 0
    planned = {item["run"]: item["state"] for item in json.loads(capsys.readouterr().out)}
    assert planned.pop(RUN) == "done"
    assert set(planned.values()) == {"new"}

    assert main(["plan", str(SMOKE), "--results", str(results)]) == 0
    assert "8 runs: " in capsys.readouterr().out

    assert main(["status", str(SMOKE), "--results", str(results), "--json"]) == 0
    cells = {cell["arm"]: cell for cell in json.loads(capsys.readouterr().out)["cells"]}
    assert (cells["both"]["done"], cells["both"]["new"], cells["vanilla"]["new"]) == (1, 1, 2)


def test_floors(tmp_path):
    assert main(["evaluate", str(SMOKE), "--floors", "digits", "--results", str(tmp_path)]) == 0
    floors = json.loads((tmp_path / "smoke" / "floors" / "digits.json").read_text())
    assert floors["pixels"]["knn_top1"] > 80
    assert set(floors["random_encoder"]["resnet-compact"]) == {"0", "1"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        ([], "required: COMMAND"),
        (["plan"], "SUITE.yaml"),
        (["plan", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["prepare", str(SMOKE), "--dataset", "mnist"], "it has digits"),
        (["pretrain", str(SMOKE), "--run", "../../etc"], "has no run"),
        (["evaluate", str(SMOKE), "--run", RUN], "no such file"),
        (["evaluate", str(SMOKE), "--floors", "x"], "no data set 'x'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(arguments) == 2

    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert ended.value.code == 0
    assert f"moco-bench {command}" in capsys.readouterr().out.split("example:")[1]


def test_a_full_disk_is_one_line(results, tmp_path, monkeypatch, capsys):
    import os

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    assert main(["prepare", str(SMOKE), "--dataset", "digits", "--results", str(tmp_path)]) == 1

    error = capsys.readouterr().err
    path = tmp_path / "smoke" / "data" / "digits.json"
    assert error == f"moco-bench: No space left on device: {path}; free some space, then run the same command again\n"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_evaluation_tells_how_far_it_is(results, tmp_path, capsys):
    copy = tmp_path / "results"
    shutil.copytree(results, copy)
    shutil.rmtree(copy / "smoke" / "checkpoints")

    assert main(["evaluate", str(SMOKE), "--run", RUN, "--results", str(copy)]) == 0

    printed = capsys.readouterr()
    assert printed.out == f"{copy / 'smoke' / 'runs' / RUN / 'metrics.json'}\n"
    told = printed.err.splitlines()
    assert told[0].startswith(f"{RUN}: evaluation: embeds ")
    assert told[-1] == f"{RUN}: evaluation: kNN and linear probe"


def test_an_evaluation_of_other_settings_leaves_no_file(results, tmp_path, capsys):
    copy = tmp_path / "results"
    shutil.copytree(results, copy)
    shutil.rmtree(copy / "smoke" / "checkpoints")
    changed = tmp_path / "smoke.yaml"
    changed.write_text(SMOKE.read_text().replace("epochs: ", "epochs: 1", 1))
    assert changed.read_text() != SMOKE.read_text()

    assert main(["evaluate", str(changed), "--run", RUN, "--results", str(copy)]) == 2

    assert "trained with other settings" in capsys.readouterr().err
    assert not (copy / "smoke" / "checkpoints").exists()


def test_prepare_refuses_what_the_images_cannot_be_asked(tmp_path, capsys):
    import numpy as np

    images = np.zeros((2, 8, 8), np.uint8)
    np.savez(tmp_path / "two.npz", x_train=images, y_train=np.arange(2), x_test=images, y_test=np.arange(2))
    suite = tmp_path / "two.yaml"
    suite.write_text(
        f"name: two\ndataset: {{name: npz, path: {tmp_path / 'two.npz'}}}\nencoder: resnet-compact\n"
        "contrast: {queue_size: 2}\ntrain: {batch_size: 2, epochs: 1}\nevaluate: {knn_k: 1}\narms: {vanilla: }\n"
    )

    assert main(["prepare", str(suite), "--dataset", "npz", "--results", str(tmp_path / "results")]) == 2

    assert "no class has two training images" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("command", ["plan", "status", "collect", "prepare", "pretrain"])
@pytest.mark.parametrize("given", ["link", "link/inner"])
def test_results_that_are_a_link_to_nowhere_are_bad_input(command, given, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("unplugged")

    assert main([command, str(SMOKE), "--results", given]) == 2
    error = capsys.readouterr().err
    assert error == (
        "moco-bench: --results: link: a link to unplugged, which is not there; make that folder, or remove the link\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


@pytest.mark.parametrize("command", ["plan", "status", "collect", "pretrain", "profile"])
@pytest.mark.parametrize("given", ["file", "file/inner"])
def test_results_that_are_a_file_are_bad_input(command, given, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("kept")

    assert main([command, "suite.yaml", "--results", given]) == 2
    assert capsys.readouterr().err == "moco-bench: --results: file is a file; a folder would be right\n"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
