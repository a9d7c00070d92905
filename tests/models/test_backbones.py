import pytest
import torch
from torch import nn

from moco_bench.models import BACKBONES
from moco_bench.suite.config import EncoderConfig


def build(channels: int = 3, **keys) -> tuple[nn.Module, int]:
    config = EncoderConfig(**keys)
    return BACKBONES[config.name](config, channels, nn.BatchNorm2d)


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_every_name_of_the_configuration_is_registered():
    assert set(BACKBONES) == set(EncoderConfig.model_fields["name"].annotation.__args__)


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
