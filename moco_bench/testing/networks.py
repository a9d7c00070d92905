"""Requirements for backbones and heads, checked on a small batch."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from moco_bench.components.backbones import Backbone
from moco_bench.components.heads import Head

IMAGES, SIDE, FEATURES, DIMENSION = 3, 32, 24, 10


class _Norm(nn.BatchNorm2d):
    """Marks normalisation layers that were made by `norm_layer`."""


def check_backbone(backbone: Backbone) -> None:
    """Check the shape of features, an initialisation that depends on the seed alone, gradient, and normalisation."""
    side = max(SIDE, backbone.smallest_image)
    built = backbone.build(3, side, _Norm)
    module = _checked(lambda: backbone.build(3, side, _Norm).module, torch.rand(IMAGES, 3, side, side), built.features)
    own = [name for name, part in module.named_modules() if type(part) is nn.BatchNorm2d]
    assert not own, f"{own[0]} is a BatchNorm2d; make it with `norm_layer`, so that `batch_norm_groups` is obeyed"


def check_head(head: Head) -> None:
    """Check the shape of embeddings, an initialisation that depends on the seed alone, and gradient."""
    _checked(lambda: head.build(FEATURES, DIMENSION, _Norm), torch.rand(IMAGES, FEATURES), DIMENSION)


def _checked(build: Callable[[], nn.Module], inputs: Tensor, length: int) -> nn.Module:
    def seeded() -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return build()

    module = seeded()
    first, second = module.state_dict(), seeded().state_dict()
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), f"{name}: the same seed must give the same initialisation"
        assert value.device.type == "cpu", f"{name} must be made on the CPU"
    outputs = copy.deepcopy(module)(inputs)
    assert tuple(outputs.shape) == (len(inputs), length), f"gives {list(outputs.shape)}, not [{len(inputs)}, {length}]"
    module(inputs).square().sum().backward()
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    assert gradients, "no parameter gets a gradient"
    assert all(gradient.isfinite().all() for gradient in gradients), "a gradient isn't finite"
    module.eval()
    together = module(inputs).detach()
    alone = torch.cat([module(row[None]).detach() for row in inputs])
    assert torch.allclose(together, alone, atol=1e-4), "in evaluation an image must not depend on its batch"
    return module
