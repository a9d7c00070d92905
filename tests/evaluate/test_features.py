import pytest
import torch
from torch import nn

from moco_bench.data.views import normalise
from moco_bench.evaluate.features import embed, frozen_copy
from moco_bench.models import build_encoder
from moco_bench.suite.config import EncoderConfig

SETTINGS = {"mean": (0.4, 0.5, 0.6), "std": (0.2, 0.3, 0.4), "batch_size": 7, "device": "cpu"}


@pytest.fixture
def encoder():
    config = EncoderConfig(name="resnet-compact", width=8, dimension=6, batch_norm_groups=2)
    encoder = build_encoder(config, channels=3, image_size=12, seed=0)
    encoder(torch.randn(8, 3, 12, 12, generator=torch.Generator().manual_seed(1)))  # statistics that aren't 0 and 1
    return encoder


@pytest.fixture
def images():
    return torch.randint(256, (20, 3, 12, 12), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)


def test_embeddings_are_those_of_evaluation_mode(encoder, images):
    found = embed(encoder, images, **SETTINGS)
    encoder.eval()
    expected = encoder.features(normalise(images, SETTINGS["mean"], SETTINGS["std"])).detach()
    assert found.backbone.shape == (20, 32)
    assert found.projection.shape == (20, 6)
    torch.testing.assert_close(found.backbone, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.projection, encoder.head(expected).detach(), rtol=1e-4, atol=1e-5)
    assert not found.backbone.requires_grad


def test_the_encoder_is_left_as_it_was(encoder, images):
    encoder.backbone.stages[0].eval()
    modes = {name: module.training for name, module in encoder.named_modules()}
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    embed(encoder, images, **SETTINGS)
    assert {name: module.training for name, module in encoder.named_modules()} == modes
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert all(parameter.requires_grad for parameter in encoder.parameters())
    assert any(isinstance(module, nn.BatchNorm2d) for module in encoder.modules())


def test_an_image_is_embedded_alike_whatever_its_company(encoder, images):
    together = embed(encoder, images, **SETTINGS).backbone
    alone = embed(encoder, images[3:4], **SETTINGS).backbone
    torch.testing.assert_close(together[3:4], alone, rtol=1e-4, atol=1e-5)


def test_the_layout_of_the_trained_weights_does_not_change_a_bit():
    # Grey, because the layout of an image of one channel is ambiguous unless it is said outright.
    grey = build_encoder(EncoderConfig(name="resnet-compact", width=32), channels=1, image_size=28, seed=0)
    images = torch.randint(256, (40, 1, 28, 28), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    settings = {"mean": (0.4,), "std": (0.2,), "batch_size": 20, "device": "cpu"}
    contiguous = embed(grey, images, **settings)
    channels_last = embed(grey.to(memory_format=torch.channels_last), images, **settings)
    assert torch.equal(contiguous.backbone, channels_last.backbone)
    assert torch.equal(contiguous.projection, channels_last.projection)


def test_autocast_around_does_not_reach_inside(encoder, images):
    expected = embed(encoder, images, **SETTINGS).backbone
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = embed(encoder, images, **SETTINGS).backbone
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


@pytest.mark.parametrize("change", ["training", "gradients", "float64"])
def test_a_frozen_encoder_is_not_copied_again_and_any_other_is(encoder, change):
    frozen = frozen_copy(encoder, torch.device("cpu"))
    assert frozen_copy(frozen, torch.device("cpu")) is frozen
    match change:
        case "training":
            next(module for module in frozen.modules() if isinstance(module, torch.nn.BatchNorm2d)).train()
        case "gradients":
            next(frozen.parameters()).requires_grad_(True)
        case "float64":
            frozen.double()
    again = frozen_copy(frozen, torch.device("cpu"))
    assert again is not frozen
    assert not any(module.training for module in again.modules())
    assert {tensor.dtype for tensor in again.parameters()} == {torch.float32}
