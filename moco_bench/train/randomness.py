"""Random streams without state: each draw has a generator of its own, derived from (seed, purpose, position).

Two consequences that the whole suite rests on. All arms of a seed share initialisation, batch order and augmentations
whatever else they draw, because no stream shifts another. And a run that resumes needs no generator's state: the step
number is the state.
"""

import hashlib

import torch


def stream_seed(seed: int, purpose: str, position: int = 0) -> int:
    """A 63-bit seed for one draw."""
    digest = hashlib.sha256(f"moco-bench/{seed}/{purpose}/{position}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stream(seed: int, purpose: str, position: int = 0) -> torch.Generator:
    """The CPU generator for one draw; `purpose` is a word such as `order`, `position` a step or an epoch."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose, position))


def epoch_order(seed: int, epoch: int, size: int) -> torch.Tensor:
    """The order in which an epoch visits its images: a permutation [size], int64."""
    return torch.randperm(size, generator=stream(seed, "order", epoch))


class ChainedHash:
    """A hash over a sequence, whose state is a string that a checkpoint can hold (unlike hashlib's objects)."""

    def __init__(self, state: str = "") -> None:
        self.state = state

    def update(self, content: bytes) -> None:
        """Append `content` to the sequence."""
        self.state = hashlib.sha256(bytes.fromhex(self.state) + hashlib.sha256(content).digest()).hexdigest()
