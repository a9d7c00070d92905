"""Distance between the two views of an image."""

from torch import Tensor
from torch.nn import functional


def alignment(first: Tensor, second: Tensor) -> float:
    """Mean squared distance of positive pairs on the unit sphere; 0 is perfect (Wang & Isola 2005.10242, alpha = 2).

    Args:
        first: Embeddings [N, D] of one view of each image; rows need not be normalised.
        second: Of the other view, [N, D].
    """
    difference = _unit(first) - _unit(second)
    return float(difference.square().sum(dim=1).mean())


def _unit(rows: Tensor) -> Tensor:
    return functional.normalize(rows.double(), dim=1)
