"""A backbone and its projection head, built from configuration with an initialisation of its own."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn

from moco_bench.components.answers import place_of, wrong_answer
from moco_bench.components.backbones import Backbone, Built
from moco_bench.components.heads import Head
from moco_bench.components.plugin_file import blame
from moco_bench.errors import InputError, one_line
from moco_bench.models.normalisation import SplitBatchNorm
from moco_bench.models.strided import with_safe_strides
from moco_bench.suite.config import EncoderConfig


class Encoder(nn.Module):
    """Images [B, C, H, W] -> features [B, F] -> projections [B, D].

    Training contrasts the projections; evaluation uses the features, and the projections for comparison with MoCo.

    Attributes:
        feature_dimension: F, the length of the backbone's features.
    """

    def __init__(self, backbone: Built, head: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone.module
        self.head = head
        self.feature_dimension = backbone.features

    @property
    def has_head(self) -> bool:
        """Whether it has a projection head; an encoder from elsewhere may lack it."""
        return not isinstance(self.head, nn.Identity)

    def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Load weights under this package's names; without weights for a head, the encoder has none.

        Raises:
            RuntimeError: other names or shapes.
        """
        if not any(name.startswith("head.") for name in weights):
            self.head = nn.Identity()
        self.load_state_dict(weights)

    def features(self, images: Tensor) -> Tensor:
        """The backbone's output [B, F] for normalised images [B, C, H, W]."""
        features: Tensor = self.backbone(images)
        return features

    def forward(self, images: Tensor) -> Tensor:
        """The projection [B, D], not normalised."""
        projection: Tensor = self.head(self.features(images))
        return projection


def build_encoder(config: EncoderConfig, *, channels: int, image_size: int, seed: int) -> Encoder:
    """Build the encoder of `config` on the CPU in float32; equal seeds give equal bits, whatever was drawn before.

    PyTorch's initialisers draw from the global generator only, so its state is set aside for the time of building.
    `image_size` is the shorter side of the images in pixels.

    Raises:
        InputError: the images are too small for the backbones' strides, or a plug-in's network isn't what it says.
    """
    smallest = config.backbone.smallest_image
    if image_size < smallest:
        raise InputError(
            f"encoder {config.title}: images of {image_size} pixels are too small; it needs at least {smallest}"
        )
    norm_layer: Callable[[int], nn.Module] = nn.BatchNorm2d
    if config.batch_norm_groups > 1:
        norm_layer = partial(SplitBatchNorm, groups=config.batch_norm_groups)
    # No CUDA generator is listed or seeded: initialisation happens on the CPU, where a seed means the same everywhere.
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(seed)
        backbone = config.backbone.build(channels, image_size, norm_layer)
        if not isinstance(backbone, Built) or not isinstance(backbone.module, nn.Module):
            raise wrong_answer(config.backbone, "build", backbone, "Built(module, features)")
        head = config.projection.build(backbone.features, config.dimension, norm_layer)
        if not isinstance(head, nn.Module):
            raise wrong_answer(config.projection, "build", head, "a torch module")
        if config.backbone.code is not None or config.projection.code is not None:
            images = torch.zeros(2, channels, image_size, image_size)
            features = _tried(config.backbone, backbone.module, images, backbone.features)
            _tried(config.projection, head, features, config.dimension)
        return with_safe_strides(Encoder(backbone, head))


@torch.no_grad()
def _tried(idea: Backbone | Head, module: nn.Module, inputs: Tensor, length: int) -> Tensor:
    """The output of a plug-in's network, tried on a copy. Raises `InputError` if it isn't [B, length].

    Found later, the mistake would seem to be one of the next layer.
    """
    try:
        found = deepcopy(module).eval()(inputs)
    except Exception as error:
        if blame(error) is not None:
            raise
        told = f"the network can't take {list(inputs.shape)}: {one_line(error)[:200]}"
        raise InputError(f"{place_of(type(idea), 'build')}: {told}") from None
    if not isinstance(found, Tensor) or found.shape != (len(inputs), length):
        raise wrong_answer(idea, "build", found, f"a network whose output is {[len(inputs), length]}")
    return found
