"""Encoders of others: every library's names lead to the same weights, and nothing but weights is read."""

import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import resnet18

from moco_bench.errors import InputError
from moco_bench.models import build_encoder
from moco_bench.models.checkpoint import encoder_from
from moco_bench.suite.config import EncoderConfig

SMALL = EncoderConfig.model_validate({"name": "resnet18-cifar", "dimension": 16})
LARGE = EncoderConfig.model_validate(
    {"name": "torchvision", "model": "resnet18", "dimension": 16, "head": "mlp", "hidden": 32}
)
IMAGES = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def read(config, path):
    encoder, _ = encoder_from(config, path, channels=3, image_size=32)
    return encoder.eval()


def small_network():
    torch.manual_seed(1)
    network = resnet18()
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    network.fc = nn.Linear(512, 16)
    return network.eval()


def saved(path, weights, wrap=False):
    torch.save({"epoch": 3, "arch": "resnet18", "state_dict": weights} if wrap else weights, path)
    return path


def prefixed(weights, prefix):
    return {prefix + name: value for name, value in weights.items()}


@pytest.mark.parametrize("prefix", ["", "module.", "module.encoder_q.", "encoder_q.", "model."])
def test_the_names_of_torchvision_and_of_moco(tmp_path, prefix):
    theirs = small_network()
    weights = prefixed(theirs.state_dict(), prefix)
    if "encoder_q" in prefix:  # a key encoder stands beside it, and the queue
        weights |= prefixed(small_network().state_dict(), prefix.replace("_q", "_k"))
        weights |= {"module.queue": torch.rand(16, 8)}
    ours = read(SMALL, saved(tmp_path / "moco.pth.tar", weights, wrap=True))
    assert torch.equal(ours(IMAGES), theirs(IMAGES))


def test_the_names_of_the_demo_of_moco(tmp_path):
    theirs = small_network()
    layers = [child for name, child in theirs.named_children() if name not in ("maxpool", "fc")]
    demo = nn.Sequential(*layers, nn.Flatten(1), theirs.fc)
    ours = read(SMALL, saved(tmp_path / "demo.pth", prefixed(demo.state_dict(), "encoder_q.net."), wrap=True))
    assert torch.equal(ours(IMAGES), theirs(IMAGES))


@pytest.mark.usefixtures("require_lightly")
def test_the_names_of_lightly(tmp_path):
    from lightly.models.modules import MoCoProjectionHead

    torch.manual_seed(2)
    backbone, head = nn.Sequential(*list(resnet18().children())[:-1]).eval(), MoCoProjectionHead(512, 32, 16).eval()
    weights = prefixed(backbone.state_dict(), "backbone.") | prefixed(head.state_dict(), "projection_head.")
    weights |= prefixed(backbone.state_dict(), "backbone_momentum.")
    ours = read(LARGE, saved(tmp_path / "lightly.ckpt", weights, wrap=True))
    assert torch.equal(ours(IMAGES), head(backbone(IMAGES).flatten(1)))


@pytest.mark.usefixtures("require_lightly")
def test_the_names_of_lightlys_own_small_resnet(tmp_path):
    from lightly.models import ResNetGenerator

    torch.manual_seed(3)
    network = ResNetGenerator("resnet-18")
    backbone = nn.Sequential(*list(network.children())[:-1], nn.AdaptiveAvgPool2d(1)).eval()
    ours = read(SMALL, saved(tmp_path / "lightly.ckpt", prefixed(backbone.state_dict(), "backbone."), wrap=True))
    # Its first block after a stride has the projection's own place; features agree to rounding.
    functional = torch.relu(network.eval().bn1(network.conv1(IMAGES)))
    for layer in (network.layer1, network.layer2, network.layer3, network.layer4):
        functional = layer(functional)
    assert torch.allclose(ours.features(IMAGES), functional.mean(dim=(2, 3)), atol=1e-5)
    assert not ours.has_head


def test_a_classifier_is_no_projection_head(tmp_path):
    network = resnet18()
    path = tmp_path / "supervised.safetensors"
    save_file(network.state_dict(), path)
    encoder = read(LARGE, path)
    assert not encoder.has_head
    assert torch.equal(encoder(IMAGES), encoder.features(IMAGES))


def test_our_own_export(tmp_path):
    ours = build_encoder(SMALL, channels=3, image_size=32, seed=4).eval()
    path = tmp_path / "ours.safetensors"
    save_file(ours.state_dict(), path)
    assert torch.equal(read(SMALL, path)(IMAGES), ours(IMAGES))


def missing_file(path):
    return path / "nothing.pth"


def other_names(path):
    return saved(path / "other.pth", {"first.weight": torch.rand(2)})


def part_of_the_names(path):
    weights = small_network().state_dict()
    del weights["layer3.0.conv1.weight"]
    return saved(path / "part.pth", weights)


def other_shapes(path):
    return saved(path / "shapes.pth", resnet18().state_dict())


def not_finite(path):
    weights = small_network().state_dict()
    weights["bn1.weight"][0] = float("nan")
    return saved(path / "nan.pth", weights)


class Harmful:
    def __reduce__(self):
        return print, ("harm",)


def a_pickle(path):
    torch.save({"state_dict": small_network().state_dict(), "more": Harmful()}, path / "pickle.pth")
    return path / "pickle.pth"


def a_plain_pickle(path):
    (path / "plain.pth").write_bytes(pickle.dumps(Harmful()))
    return path / "plain.pth"


def a_whole_module(path):
    torch.save(nn.Linear(2, 2), path / "module.pth")
    return path / "module.pth"


def no_tensors(path):
    torch.save({"epoch": 3}, path / "none.pth")
    return path / "none.pth"


def damaged(path):
    (path / "damaged.safetensors").write_bytes(b"\0" * 40)
    return path / "damaged.safetensors"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (missing_file, "no such file"),
        (other_names, "none of its names is one of the network's .*first.weight"),
        (part_of_the_names, r"1 of the network's \d+ weights are missing, the first is layer3.0.conv1.weight"),
        (other_shapes, r"conv1.weight has the shape \[64, 3, 7, 7\].*needs \[64, 3, 3, 3\]"),
        (not_finite, "bn1.weight isn't finite"),
        (a_pickle, "pickled Python objects"),
        (a_plain_pickle, "pickled Python objects"),
        (a_whole_module, "pickled Python objects"),
        (no_tensors, "holds no weights"),
        (damaged, "not a safetensors file"),
    ],
)
def test_bad_files_are_one_line(tmp_path, capsys, make, said):
    with pytest.raises(InputError, match=said) as error:
        read(SMALL, make(tmp_path))
    assert "\n" not in str(error.value)
    assert str(tmp_path) in str(error.value)
    assert "harm" not in capsys.readouterr().out
