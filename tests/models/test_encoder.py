import pytest
import torch
from torch import nn

from moco_bench.errors import InputError
from moco_bench.models import SplitBatchNorm, build_encoder
from moco_bench.suite.config import EncoderConfig

COMPACT = EncoderConfig(name="resnet-compact", width=8, dimension=16)


def images(channels: int, size: int, count: int = 2) -> torch.Tensor:
    return torch.randn(count, channels, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 9), (1, 28), (3, 32), (3, 224)])
@pytest.mark.parametrize("stem", ["conv3", "patch2"])
def test_shapes_of_the_compact_encoder(channels, size, stem):
    encoder = build_encoder(
        EncoderConfig(name="resnet-compact", width=8, dimension=16, stem=stem),
        channels=channels,
        image_size=size,
        seed=0,
    )
    batch = images(channels, size)
    assert encoder.features(batch).shape == (2, encoder.feature_dimension) == (2, 32)
    assert encoder(batch).shape == (2, 16)


@pytest.mark.parametrize(("name", "features"), [("resnet18-cifar", 512), ("resnet50-cifar", 2048)])
@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 32)])
def test_shapes_of_the_torchvision_encoders(name, features, channels, size):
    encoder = build_encoder(EncoderConfig(name=name), channels=channels, image_size=size, seed=0).eval()
    assert encoder.features(images(channels, size)).shape == (2, features)
    assert encoder(images(channels, size)).shape == (2, 128)


def test_the_projection_is_the_head_on_the_features():
    encoder = build_encoder(COMPACT, channels=3, image_size=8, seed=0).eval()
    batch = images(3, 8)
    expected = encoder.features(batch) @ encoder.head.weight.T + encoder.head.bias
    torch.testing.assert_close(encoder(batch), expected)


def test_the_mlp_head_has_as_many_hidden_units_as_features_by_default():
    def widths(hidden):
        config = EncoderConfig(name="resnet-compact", width=8, dimension=16, head="mlp", hidden=hidden)
        head = build_encoder(config, channels=3, image_size=8, seed=0).head
        return [tuple(layer.weight.shape) for layer in head if isinstance(layer, nn.Linear)]

    assert widths(None) == [(32, 32), (16, 32)]
    assert widths(48) == [(48, 32), (16, 48)]


def test_equal_seeds_give_equal_bits_and_other_seeds_do_not():
    torch.rand(3)
    first = build_encoder(COMPACT, channels=3, image_size=32, seed=7).state_dict()
    torch.rand(5)
    again = build_encoder(COMPACT, channels=3, image_size=32, seed=7).state_dict()
    other = build_encoder(COMPACT, channels=3, image_size=32, seed=8).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    stem = "backbone.stem.0.weight"
    assert not torch.equal(first[stem], other[stem])


def test_the_batch_norm_groups_do_not_change_the_initialisation():
    plain = build_encoder(COMPACT, channels=3, image_size=32, seed=7)
    split = build_encoder(COMPACT.model_copy(update={"batch_norm_groups": 4}), channels=3, image_size=32, seed=7)
    assert all(torch.equal(value, split.state_dict()[name]) for name, value in plain.state_dict().items())
    norms = [module for module in split.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms
    assert all(isinstance(module, SplitBatchNorm) and module.groups == 4 for module in norms)


@pytest.mark.parametrize("name", ["resnet-compact", "resnet18-cifar"])
def test_the_global_generator_is_undisturbed(name):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    build_encoder(EncoderConfig(name=name), channels=3, image_size=32, seed=0)
    assert torch.equal(torch.rand(4), expected)


def test_initialisation_follows_the_demo():
    encoder = build_encoder(EncoderConfig(name="resnet18-cifar"), channels=3, image_size=32, seed=0)
    stem, inner = encoder.backbone.conv1.weight, encoder.backbone.layer1[0].conv1.weight
    assert stem.abs().max() <= 27**-0.5  # uniform: PyTorch's default for a convolution of 27 inputs
    assert inner.std().item() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.02)  # Kaiming, fan-out
    assert all((m.weight == 1).all() for m in encoder.modules() if isinstance(m, nn.BatchNorm2d))


def test_too_small_images_are_refused():
    with pytest.raises(InputError, match="7 pixels are too small; it needs at least 8"):
        build_encoder(COMPACT, channels=3, image_size=7, seed=0)
