"""What `moco-bench new` writes: a file with an idea that works, to be changed, and its test."""

NEGATIVES = '''"""TITLE: a rule about negatives."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Negatives


class CLASS(Negatives):
    """Weighs each key by e^(power * similarity)."""

    source: ClassVar[str] = ""
    cost: ClassVar[str] = "a product for each pair"

    rule: Literal["NAME"] = "NAME"
    power: float = Field(1.0, ge=0, description="0 is MoCo.")

    # Leave out what you don't need: each method has a default that does nothing.
    #   ranks(self, queue_size, progress): which keys are kept (moco_bench.components.Ranks)
    #   extra_keys(self, pairs): negatives that aren't in the queue, [B, S, D]
    #   log_sum(self, pairs, temperature): the logarithm of the sum over negatives, [B]

    def log_weight(self, similarity, temperature):
        """The logarithm of the weight of each pair, from its similarity [B, C]; asked chunk by chunk of the queue."""
        return self.power * similarity
'''

OBJECTIVE = '''"""TITLE: a loss."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Objective, Terms


class CLASS(Objective):
    """-s+/tau + weight * log sum_j e^(s_j/tau)."""

    source: ClassVar[str] = ""
    cost: ClassVar[str] = "nothing"

    name: Literal["NAME"] = "NAME"
    weight: float = Field(1.0, ge=0, description="Of the repulsion.")

    def terms(self, batch):
        """The loss of a batch: one number. Gradients may reach `batch.query` alone."""
        repulsion = batch.query_sum()  # [B], over the negatives that the arm's rule chooses
        repulsion = repulsion.masked_fill(repulsion.isinf(), 0.0)  # an anchor without any
        return Terms((self.weight * repulsion - batch.positive / batch.temperature).mean())
'''

BACKBONE = '''"""TITLE: a network."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Backbone, Built


class CLASS(Backbone):
    """Three convolutions of stride 2, and the mean over the image."""

    source: ClassVar[str] = ""
    smallest_image: ClassVar[int] = 8

    name: Literal["NAME"] = "NAME"
    width: int = Field(32, ge=1, description="Channels of the first convolution; each further one has twice as many.")

    def build(self, channels, image_size, norm_layer):
        """The network, without a classifier, and the length of its features. `norm_layer` stands for BatchNorm2d."""
        from torch import nn

        layers, inputs = [], channels
        for width in (self.width, 2 * self.width, 4 * self.width):
            layers += [nn.Conv2d(inputs, width, 3, stride=2, padding=1, bias=False), norm_layer(width), nn.ReLU()]
            inputs = width
        return Built(nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), inputs)
'''

HEAD = '''"""TITLE: a projection head."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Head


class CLASS(Head):
    """Two layers with a GELU between them."""

    source: ClassVar[str] = ""
    cost: ClassVar[str] = "two matmuls"

    head: Literal["NAME"] = "NAME"
    hidden: int = Field(64, ge=1, description="Hidden units.")

    def build(self, features, dimension, norm_layer):
        """From features [B, F] to embeddings [B, D]."""
        from torch import nn

        return nn.Sequential(nn.Linear(features, self.hidden), nn.GELU(), nn.Linear(self.hidden, dimension))
'''

DATASET = '''"""TITLE: a data set."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from moco_bench.components import Dataset


class CLASS(Dataset):
    """Noise, a little brighter in the upper or in the lower half. Replace it by what you read."""

    source: ClassVar[str] = ""
    sizes: ClassVar[tuple[int, int] | None] = (400, 100)  # None where it isn't known before it is read
    class_count: ClassVar[int | None] = 2

    name: Literal["NAME"] = "NAME"
    brighter: int = Field(60, ge=0, le=155, description="Levels of 256.")
    # path: str = Field(description="Where the files lie.")

    def load(self, split):
        """Images, uint8 [N, H, W, C] or [N, C, H, W], and labels from 0; of "train" or "test", always the same."""
        count, seed = {"train": (400, 0), "test": (100, 1)}[split]
        random = np.random.Generator(np.random.PCG64(seed))
        labels = np.arange(count) % 2
        images = random.integers(0, 100, (count, 16, 16, 3), dtype=np.uint8)
        images[labels == 0, :8] += self.brighter
        images[labels == 1, 8:] += self.brighter
        return images, labels

    def class_names(self):
        """In order of the labels."""
        return ["above", "below"]
'''

METRIC = '''"""TITLE: a metric."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Metric


class CLASS(Metric):
    """Standard deviation of the features, averaged over their dimensions."""

    source: ClassVar[str] = ""
    heading: ClassVar[str] = "TITLE"
    unit: ClassVar[str] = ""  # with "%" it is an accuracy
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"
    decimals: ClassVar[int] = 3

    name: Literal["NAME"] = "NAME"
    scale: float = Field(1.0, gt=0, description="Multiplies it.")

    def compute(self, evaluation):
        """One number. `bank` and `test` have features, projections and labels of the images."""
        return self.scale * float(evaluation.test.features.std(dim=0).mean())
'''

AUGMENTATION = '''"""TITLE: how views are drawn."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Augmentation


class CLASS(Augmentation):
    """Moves each image, mirrors half of them and adds noise."""

    source: ClassVar[str] = ""

    name: Literal["NAME"] = "NAME"
    shift: int = Field(4, ge=0, le=64, description="Pixels, at most, along each axis.")
    noise: float = Field(0.1, ge=0, le=1, description="Standard deviation, of images in [0, 1].")

    def view(self, images, generator):
        """One view of each of the images, uint8 [B, C, H, W]; all randomness comes from `generator`, on the CPU."""
        import torch

        moved = []
        for image in images:
            down, across, mirror = torch.rand(3, generator=generator).tolist()
            offset = (round((2 * down - 1) * self.shift), round((2 * across - 1) * self.shift))
            image = image.roll(offset, dims=(1, 2))
            moved.append(image.flip(2) if mirror < 0.5 else image)
        noise = torch.randn(images.shape, generator=generator).to(images.device)
        return (torch.stack(moved) / 255 + self.noise * noise).clamp(0, 1)  # uint8, or floats in [0, 1]
'''

TEST = '''"""CLASS against the conformance kit."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from MODULE import CLASS

from moco_bench.testing import check


def test_it_conforms():
    check(CLASS())
'''

TEMPLATES = {
    "augmentation": AUGMENTATION,
    "backbone": BACKBONE,
    "dataset": DATASET,
    "head": HEAD,
    "metric": METRIC,
    "negatives": NEGATIVES,
    "objective": OBJECTIVE,
}
_ARM = "arms:\n    NAME:\n      "
USED_AS = {
    "augmentation": _ARM + "train: {augment: NAME}",
    "backbone": "encoder: {name: NAME}",
    "dataset": "dataset: NAME",
    "head": "encoder: {name: resnet-compact, head: NAME}",
    "metric": "evaluate: {metrics: [NAME]}",
    "negatives": _ARM + "contrast: {negatives: NAME}",
    "objective": _ARM + "contrast: {objective: NAME}",
}
"""How a suite names an idea of each kind."""


def filled(text: str, name: str) -> str:
    """A template for an idea of this name."""
    words = name.replace("_", "-").split("-")
    made = {
        "CLASS": "".join(word[:1].upper() + word[1:] for word in words),
        "MODULE": module_of(name),
        "NAME": name,
        "TITLE": " ".join(words).capitalize(),
    }
    for placeholder, value in made.items():
        text = text.replace(placeholder, value)
    return text


def module_of(name: str) -> str:
    """The module that an idea of this name lies in."""
    return name.replace("-", "_")
