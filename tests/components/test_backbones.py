"""Our own networks (`resnet_cifar`, `resnet_compact`) and of libraries (`of_torchvision`, `of_timm`, `of_library`)."""

import sys

import pytest
import torch
from torch import nn

from moco_bench.components.backbones import Built
from moco_bench.errors import InputError
from moco_bench.models import SplitBatchNorm, build_encoder
from moco_bench.suite.config import EncoderConfig


def build(channels: int = 3, image_size: int = 32, **keys) -> Built:
    return EncoderConfig(**keys).backbone.build(channels, image_size, nn.BatchNorm2d)


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "features", "million"),
    [("resnet18-cifar", 512, 11.17), ("resnet34-cifar", 512, 21.28), ("resnet50-cifar", 2048, 23.50)],
)
def test_parameter_counts_of_the_cifar_resnets(name, features, million):
    backbone = build(name=name)
    assert backbone.features == features
    assert round(parameters(backbone.module) / 1e6, 2) == million


def test_the_cifar_stem_keeps_the_resolution():
    module = build(name="resnet18-cifar").module
    sizes = []
    for stage in (module.conv1, module.layer1, module.layer4):
        stage.register_forward_hook(lambda module, inputs, output: sizes.append(tuple(output.shape[-2:])))
    module.eval()(torch.zeros(1, 3, 32, 32))
    assert sizes == [(32, 32), (32, 32), (4, 4)]


@pytest.mark.parametrize("stem", ["conv3", "patch2"])
@pytest.mark.parametrize(("width", "depth"), [(8, 1), (16, 2)])
def test_parameter_count_of_the_compact_resnet(stem, width, depth):
    backbone = build(name="resnet-compact", channels=1, width=width, depth=depth, stem=stem)
    expected = width * (4 if stem == "patch2" else 9) + 2 * width
    before = width
    for after in (width, 2 * width, 4 * width):
        for _ in range(depth):
            expected += 9 * before * after + 9 * after * after + 4 * after
            expected += before * after + 2 * after if before != after else 0
            before = after
    assert parameters(backbone.module) == expected
    assert backbone.features == 4 * width


def test_patches_do_not_overlap():
    stem = build(name="resnet-compact", width=8, stem="patch2").module.stem.eval()
    images = torch.zeros(1, 3, 8, 8)
    changed = images.clone()
    changed[..., 2:4, 2:4] = 1.0
    moved = (stem[0](images) != stem[0](changed)).any(dim=1)[0]
    assert moved.shape == (4, 4)
    assert moved.nonzero().tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("keys", "size", "channels"),
    [
        ({"name": "torchvision", "model": "mobilenet_v3_small"}, 32, 3),
        ({"name": "torchvision", "model": "resnet18", "stem": "small"}, 32, 1),
        ({"name": "torchvision", "model": "efficientnet_b0"}, 32, 3),
        ({"name": "torchvision", "model": "vit_b_32"}, 64, 3),
        ({"name": "timm", "model": "resnet10t"}, 32, 3),
        ({"name": "timm", "model": "convnext_atto"}, 64, 1),
        ({"name": "timm", "model": "vit_tiny_patch16_224"}, 48, 3),
    ],
    ids=lambda value: value["model"] if isinstance(value, dict) else None,
)
def test_networks_of_libraries_give_the_features_that_they_announce(keys, size, channels):
    encoder = build_encoder(EncoderConfig(**keys), channels=channels, image_size=size, seed=3).eval()
    images = torch.randn(2, channels, size, size, generator=torch.Generator().manual_seed(0))
    features = encoder.features(images)
    assert features.shape == (2, encoder.feature_dimension)
    assert not torch.equal(features[0], features[1])
    again = build_encoder(EncoderConfig(**keys), channels=channels, image_size=size, seed=3)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in encoder.state_dict().items())


def test_the_small_stem_of_a_library_is_that_of_the_cifar_resnet():
    ours, theirs = build(name="resnet18-cifar"), build(name="torchvision", model="resnet18", stem="small")
    sizes = {}
    for name, built in (("ours", ours), ("theirs", theirs)):
        built.module.layer1.register_forward_hook(
            lambda module, inputs, output, name=name: sizes.update({name: output.shape})
        )
        built.module.eval()(torch.zeros(1, 3, 32, 32))
    assert sizes["ours"] == sizes["theirs"] == (1, 64, 32, 32)


@pytest.mark.parametrize("name", ["torchvision", "timm"])
def test_batch_norm_of_a_library_is_split_like_ours(name):
    config = EncoderConfig(name=name, model="resnet18", batch_norm_groups=2)
    norms = [
        module
        for module in build_encoder(config, channels=3, image_size=32, seed=0).modules()
        if isinstance(module, nn.BatchNorm2d)
    ]
    assert len(norms) == 20
    assert all(isinstance(module, SplitBatchNorm) and module.groups == 2 for module in norms)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"name": "torchvision", "model": "resnet19"}, "torchvision has no classification network 'resnet19'"),
        ({"name": "torchvision", "model": "squeezenet1_0"}, "no linear classifier"),
        ({"name": "timm", "model": "resnet19"}, "timm has no network 'resnet19'"),
    ],
)
def test_networks_that_there_are_not(keys, said):
    with pytest.raises(InputError, match=said):
        build(**keys)


def test_a_library_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InputError, match=r"pip install timm"):
        build(name="timm", model="resnet18")


def test_results_are_filed_under_the_name_of_the_network():
    assert EncoderConfig(name="timm", model="convnext_atto").title == "convnext_atto"
    assert EncoderConfig(name="resnet-compact", width=16).title == "resnet-compact"
