"""Finds a network's weights in a file, under the names that other packages give the weights of a ResNet.

Known are the names of MoCo's repository (`module.encoder_q.layer1...`) and of its CIFAR-10 demo (`encoder_q.net.3...`),
of lightly (`backbone.4...`, and of its own small ResNets), of torchvision, and this package's own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

PREFIXES = (
    "backbone.",
    "module.encoder_q.",
    "encoder_q.",
    "module.encoder_q.net.",
    "encoder_q.net.",
    "",
    "module.",
    "module.backbone.",
    "model.backbone.",
    "model.",
    "encoder.",
)
"""Possible prefixes of a backbone's names; of two encoders, the query encoder's."""

_WITH_RELU = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}
_WITH_RELU_NO_POOL = {"0": "conv1", "1": "bn1", "3": "layer1", "4": "layer2", "5": "layer3", "6": "layer4"}
_WITHOUT_RELU = {"0": "conv1", "1": "bn1", "2": "layer1", "3": "layer2", "4": "layer3", "5": "layer4"}
SPELLINGS: tuple[Mapping[str, str], ...] = ({}, _WITH_RELU, _WITH_RELU_NO_POOL, _WITHOUT_RELU)
"""Layers by their position among a network's children, in its kinds; the first: by their own names."""

INSIDE, BESIDE = ("fc.", "9."), ("head.", "projection_head.layers.", "projection_head.")
"""Places of heads: in the encoder, as its last layer, or beside it."""

COUNTERS = "num_batches_tracked"
"""BatchNorm's counts of batches; a file without them has all that an evaluation needs."""


@dataclass(frozen=True)
class Found:
    """A file's weights under this package's names.

    Attributes:
        backbone: all of the network's weights.
        head: all of the projection head's, None where the file has no such head.
        prefix: what stood before the backbone's names.
    """

    backbone: dict[str, Tensor]
    head: dict[str, Tensor] | None
    prefix: str


def find_weights(weights: Mapping[str, Tensor], backbone: Iterable[str], head: Mapping[str, Tensor]) -> Found | str:
    """Find the weights of a network in a file's.

    Args:
        weights: of the file, under its own names.
        backbone: the names that the network has here.
        head: the weights that the projection head has here; only its names and shapes matter.

    Returns:
        What was found, or what is missing in words.
    """
    needed = [name for name in backbone if not name.endswith(COUNTERS)]
    best, lacking = "", list(needed)
    for prefix in PREFIXES:
        below = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        for places in SPELLINGS:
            own = {_by_place(name, places): value for name, value in below.items()}
            missing = [name for name in needed if name not in own]
            if not missing:
                wanted = set(backbone)
                found = {name: value for name, value in own.items() if name in wanted}
                return Found(found, _head(weights, prefix, head), prefix)
            if len(missing) < len(lacking):
                best, lacking = prefix, missing
    if len(lacking) == len(needed):
        some = ", ".join(list(weights)[:3]) or "nothing"
        return f"none of its names is one of the network's ({needed[0]}, ...); it has {some}"
    return f"{len(lacking)} of the network's {len(needed)} weights are missing, the first is {best}{lacking[0]}"


def _by_place(name: str, places: Mapping[str, str]) -> str:
    """A layer's name in a ResNet by its position among the children; lightly calls a projection `shortcut`."""
    if not places:
        return name
    first, dot, rest = name.partition(".")
    return re.sub(r"\bshortcut\b", "downsample", places.get(first, first) + dot + rest)


def _head(weights: Mapping[str, Tensor], prefix: str, head: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """The projection head's weights, at any known place: names and shapes have to match."""
    around = prefix.removesuffix("backbone.")
    for place in (*(prefix + name for name in INSIDE), *(around + name for name in BESIDE)):
        own = {name.removeprefix(place): value for name, value in weights.items() if name.startswith(place)}
        if own and own.keys() == head.keys() and all(own[name].shape == head[name].shape for name in own):
            return own
    return None
