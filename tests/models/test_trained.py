"""A finished run's encoder is used elsewhere: in a notebook, in torchvision, in timm."""

import json
import shutil

import pytest
import timm
import torch
import torchvision
import yaml
from safetensors.torch import load_file

import moco_bench
from moco_bench.cli.main import main
from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.evaluate.features import embed
from moco_bench.suite.config import DatasetConfig

IMAGES = {"name": "digits", "train_limit": 64, "test_limit": 20}
ENCODERS = {
    "compact": {"name": "resnet-compact", "width": 8, "head": "mlp-bn", "dimension": 8, "batch_norm_groups": 2},
    "cifar": {"name": "resnet18-cifar", "dimension": 8},
    "torchvision": {"name": "torchvision", "model": "resnet18", "stem": "small", "dimension": 8},
    "timm": {"name": "timm", "model": "resnet10t", "dimension": 8},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of a finished run for each encoder."""
    place = tmp_path_factory.mktemp("runs")
    suite = {
        "name": "few",
        "dataset": IMAGES | {"image_size": 16},
        "encoders": [{**encoder, "label": label} for label, encoder in ENCODERS.items()],
        "contrast": {"queue_size": 32},
        "train": {"epochs": 1, "batch_size": 32, "precision": "float32", "device": "cpu"},
        "evaluate": {"knn_k": 5, "corruptions": False, "floors": False},
        "arms": {"vanilla": None},
    }
    (place / "suite.yaml").write_text(yaml.safe_dump(suite))
    where = [str(place / "suite.yaml"), "--results", str(place / "results")]
    assert main(["prepare", *where, "--dataset", "digits"]) == 0
    for label in ENCODERS:
        assert main(["pretrain", *where, "--run", f"digits/{label}/vanilla/seed0"]) == 0
        assert main(["evaluate", *where, "--run", f"digits/{label}/vanilla/seed0"]) == 0
    return {label: place / f"results/few/runs/digits/{label}/vanilla/seed0" for label in ENCODERS}


@pytest.fixture(scope="module")
def digits():
    return load_dataset(DatasetConfig(**IMAGES, image_size=16))


@pytest.mark.parametrize("label", ENCODERS)
def test_features_are_those_that_were_evaluated(runs, digits, label):
    encoder = moco_bench.load_encoder(runs[label])
    images = digits.evaluation.images
    found = embed(encoder.encoder, images, mean=digits.mean, std=digits.std, batch_size=20, device="cpu")
    torch.testing.assert_close(encoder(images), found.backbone)
    torch.testing.assert_close(encoder(images.float() / 255), found.backbone)
    expected = torch.nn.functional.normalize(found.projection, dim=1)
    torch.testing.assert_close(encoder.project(images), expected)
    assert encoder(images).shape[1] == encoder.feature_dimension


def test_it_is_frozen_and_stays_in_evaluation_mode(runs, digits):
    encoder = moco_bench.load_encoder(str(runs["compact"]))
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    encoder.train()
    encoder(digits.train.images)
    assert all(torch.equal(value, encoder.state_dict()[name]) for name, value in before.items())
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


def test_images_of_other_channels_are_refused(runs):
    with pytest.raises(ValueError, match=r"images must be \[B, 1, H, W\], got \(2, 3, 16, 16\)"):
        moco_bench.load_encoder(runs["compact"])(torch.zeros(2, 3, 16, 16))


def test_what_is_no_finished_run_is_refused(runs, tmp_path):
    with pytest.raises(InputError, match=r"no run\.json in it"):
        moco_bench.load_encoder(tmp_path)
    copy = tmp_path / "seed0"
    shutil.copytree(runs["compact"], copy)
    weights = bytearray((copy / "encoder.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "encoder.safetensors").write_bytes(weights)
    with pytest.raises(InputError, match=r"encoder\.safetensors was changed after the run"):
        moco_bench.load_encoder(copy)
    (copy / "encoder.safetensors").unlink()
    with pytest.raises(InputError, match=r"encoder\.safetensors is missing"):
        moco_bench.load_encoder(copy)


def in_torchvision(label, file):
    network = torchvision.models.resnet18(weights=None)
    if label == "cifar":
        network.conv1 = torch.nn.Conv2d(1, 64, 3, padding=1, bias=False)
        network.maxpool = torch.nn.Identity()
    else:
        network.conv1 = torch.nn.Conv2d(1, 64, 7, stride=1, padding=3, bias=False)
        network.maxpool = torch.nn.Identity()
    left_over = network.load_state_dict(torch.load(file, weights_only=True), strict=False)
    assert left_over.unexpected_keys == []
    assert left_over.missing_keys == ["fc.weight", "fc.bias"]
    network.fc = torch.nn.Identity()
    return network


def in_timm(label, file):
    network, channels = ("resnet18", 1) if label == "cifar" else ("resnet10t", 1)
    made = timm.create_model(network, num_classes=0, in_chans=channels)
    if label == "cifar":
        made.conv1 = torch.nn.Conv2d(1, 64, 3, padding=1, bias=False)
        made.maxpool = torch.nn.Identity()
        made.load_state_dict(torch.load(file, weights_only=True))
        return made
    return timm.create_model(network, num_classes=0, in_chans=channels, checkpoint_path=str(file))


@pytest.mark.parametrize(
    ("library", "label", "read"),
    [
        ("torchvision", "cifar", in_torchvision),
        ("torchvision", "torchvision", in_torchvision),
        ("timm", "cifar", in_timm),
        ("timm", "timm", in_timm),
    ],
)
def test_another_library_computes_the_same_features(runs, digits, tmp_path, library, label, read, capsys):
    file = tmp_path / "encoder.pth"
    assert main(["export-encoder", str(runs[label]), "--to", library, "--out", str(file)]) == 0
    assert capsys.readouterr().out.split() == [str(file), str(file.with_suffix(".md"))]
    encoder = moco_bench.load_encoder(runs[label])
    images = encoder.normalise(digits.evaluation.images)
    torch.testing.assert_close(read(label, file).eval()(images), encoder.encoder.features(images))


def test_our_own_names_and_the_model_card(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export-encoder", str(runs["compact"]), "--to", "safetensors"]) == 0
    weights = load_file(tmp_path / "encoder-safetensors.safetensors")
    moco_bench.load_encoder(runs["compact"]).encoder.load_state_dict(weights)
    card = (tmp_path / "encoder-safetensors.md").read_text()
    record = json.loads((runs["compact"] / "run.json").read_text())
    metrics = json.loads((runs["compact"] / "metrics.json").read_text())
    for words in (record["fingerprint"], record["data"]["sha256"], f"{metrics['knn_top1']:.2f} %", "respect the"):
        assert words in card


def test_the_card_of_a_library_says_how_to_load(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export-encoder", str(runs["cifar"]), "--to", "torchvision"]) == 0
    code = (tmp_path / "encoder-torchvision.md").read_text().split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(code, names)
    stem = names["network"].conv1.weight
    assert torch.equal(stem, moco_bench.load_encoder(runs["cifar"]).encoder.backbone.conv1.weight)


@pytest.mark.parametrize(
    ("label", "library", "said"),
    [
        ("compact", "timm", "timm has no network like resnet-compact"),
        ("timm", "torchvision", "torchvision has no network like timm"),
    ],
)
def test_a_library_without_such_a_network(runs, tmp_path, capsys, label, library, said):
    assert main(["export-encoder", str(runs[label]), "--to", library, "--out", str(tmp_path / "x.pth")]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
