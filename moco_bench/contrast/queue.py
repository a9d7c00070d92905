"""The queue of past keys that serve as negatives (MoCo, He et al. 2020, section 3.2)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

RANDOM_FILLING = -1
"""Sample index of a row that no image has filled yet."""


class KeyQueue(nn.Module):
    """A ring of the last `size` keys and of the images they came from.

    Everything is a buffer, so `state_dict` holds the whole queue and a checkpoint can't forget a part of it.

    Attributes:
        keys: float32 [K, D], unit rows; at first random directions.
        sample_index: int64 [K], the image of each key, -1 for the random filling.
        pointer: int64 scalar, the slot that the next key takes (the oldest key's).
    """

    keys: Tensor
    sample_index: Tensor
    pointer: Tensor

    def __init__(self, size: int, dimension: int, generator: torch.Generator) -> None:
        """Fill a queue of `size` keys of length `dimension` with random unit rows drawn from `generator`.

        Raises:
            ValueError: `size` or `dimension` is below one.
        """
        super().__init__()
        if size < 1 or dimension < 1:
            raise ValueError(f"size and dimension must be at least 1, got {size} and {dimension}")
        filling = torch.randn(size, dimension, generator=generator, device=generator.device)
        self.register_buffer("keys", normalize(filling, dim=1))
        self.register_buffer("sample_index", torch.full((size,), RANDOM_FILLING, device=generator.device))
        self.register_buffer("pointer", torch.zeros((), dtype=torch.int64, device=generator.device))
        self._next = 0  # the pointer's value, on the host: to read a GPU's would be to wait for it
        self.register_load_state_dict_post_hook(_read_pointer)  # type: ignore[no-untyped-call]

    @property
    def size(self) -> int:
        """Number of keys K."""
        return self.keys.shape[0]

    @torch.no_grad()
    def enqueue(self, keys: Tensor, sample_index: Tensor) -> None:
        """Put copies of `keys` in place of the oldest ones. Call it after the loss: a key is never its own negative.

        Args:
            keys: [B, D], unit rows, B at most K.
            sample_index: int64 [B], the image of each key.

        Raises:
            ValueError: a shape doesn't fit, or there are more keys than the queue holds.
        """
        count, dimension = keys.shape[0], self.keys.shape[1]
        if keys.shape != (count, dimension):
            raise ValueError(f"keys must have shape [B, {dimension}], got {list(keys.shape)}")
        if sample_index.shape != (count,):
            raise ValueError(f"sample_index must have shape [{count}], got {list(sample_index.shape)}")
        if count > self.size:
            raise ValueError(f"keys must be at most {self.size}, the size of the queue, got {count}")
        # Up to the ring's end, then from its start: a deterministic index copy on a GPU would sort its slots first.
        until_end = min(count, self.size - self._next)
        for buffer, newest in ((self.keys, keys), (self.sample_index, sample_index)):
            buffer[self._next : self._next + until_end].copy_(newest[:until_end])
            if until_end < count:
                buffer[: count - until_end].copy_(newest[until_end:])
        self._next = (self._next + count) % self.size
        self.pointer.fill_(self._next)


def _read_pointer(queue: nn.Module, incompatible: object) -> None:
    assert isinstance(queue, KeyQueue)
    queue._next = int(queue.pointer)
