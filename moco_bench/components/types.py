"""Names for annotations. Ideas are imported without torch, so all of them are `Any` then."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Generator as Generator
    from torch import Tensor as Tensor
    from torch.nn import Module as Module

    from moco_bench.contrast.batch import Batch as Batch
    from moco_bench.contrast.pairs import Pairs as Pairs

    Array = NDArray[Any]
else:
    Array = Batch = Generator = Module = Pairs = Tensor = Any

NormLayer = Callable[[int], Module]
"""Makes the normalisation of that many channels."""
