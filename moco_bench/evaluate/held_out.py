"""The training images on which the linear probe chooses C: the same for every encoder and order of images."""

import hashlib

import numpy as np
import torch
from torch import Tensor

from moco_bench.data.stored import Pixels, pieces
from moco_bench.errors import InputError


def held_out(images: Pixels, labels: Tensor, part: float) -> Tensor:
    """A stratified part of the training images, chosen by their content: bool [N].

    Of each class, those whose hashes come first, `part` of them rounded to images; where a class has two images, one is
    held out and one stays. Images are uint8 [N, C, H, W], labels int64 [N].

    Raises:
        InputError: no class has two images.
    """
    parts = (part.numpy() for part in pieces(images))
    digests = np.array([hashlib.blake2b(image, digest_size=8).digest() for part in parts for image in part], dtype="S8")
    held = torch.zeros(len(labels), dtype=torch.bool)
    for label in torch.unique(labels):
        members = (labels == label).nonzero().flatten()
        count = min(max(1, round(part * len(members))), len(members) - 1)
        held[members[np.argsort(digests[members], kind="stable")[:count]]] = True
    if not held.any():
        raise InputError("linear probe: no class has two training images, so none can be held out; give it more images")
    return held
