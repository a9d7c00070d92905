"""PyTorch's settings for the whole process, of which each contender's turn has its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.utils import deterministic


@dataclass(frozen=True)
class Flags:
    """What PyTorch is set to; by default as it comes, and so as users of other packages have it.

    Attributes:
        deterministic: whether operators have to be deterministic.
        fills_memory: whether new memory is filled where they have to be.
        cudnn_tf32: whether convolutions may round factors of float32 to 10 bits on a GPU.
        matmul_tf32: whether matmuls may.
        cudnn_tries: whether cuDNN chooses its algorithms by trying them.
    """

    deterministic: bool = False
    fills_memory: bool = True
    cudnn_tf32: bool = True
    matmul_tf32: bool = False
    cudnn_tries: bool = False

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within it PyTorch is set to these, and afterwards as before."""
        before = flags_now()
        self._apply()
        try:
            yield
        finally:
            before._apply()

    def _apply(self) -> None:
        torch.use_deterministic_algorithms(self.deterministic)
        deterministic.fill_uninitialized_memory = self.fills_memory  # type: ignore[attr-defined]
        torch.backends.cudnn.allow_tf32 = self.cudnn_tf32
        torch.backends.cuda.matmul.allow_tf32 = self.matmul_tf32
        torch.backends.cudnn.benchmark = self.cudnn_tries


def flags_now() -> Flags:
    """What PyTorch is set to now."""
    return Flags(
        torch.are_deterministic_algorithms_enabled(),
        deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
        torch.backends.cudnn.allow_tf32,
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cudnn.benchmark,
    )
