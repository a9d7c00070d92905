"""Three numbers that describe a cloud of embeddings without labels."""

import torch
from torch import Tensor
from torch.nn import functional

UNIFORMITY_ROWS = 2048
"""More rows change uniformity by less than seeds do, and their pairs grow with the square."""


def alignment(first: Tensor, second: Tensor) -> float:
    """Mean squared distance of positive pairs on the unit sphere; 0 is perfect (Wang & Isola 2005.10242, alpha = 2).

    Args:
        first: Embeddings [N, D] of one view of each image; rows need not be normalised.
        second: Of the other view, [N, D].
    """
    difference = _unit(first) - _unit(second)
    return float(difference.square().sum(dim=1).mean())


def uniformity(embeddings: Tensor, generator: torch.Generator, t: float = 2.0) -> float | None:
    """Logarithm of the mean of exp(-t |x - y|^2) over pairs of unit rows: 0 where all are one, lower if more uniform.

    Wang & Isola (2005.10242), t = 2. From at most `UNIFORMITY_ROWS` rows, drawn by `generator`.

    Args:
        embeddings: [N, D]; rows need not be normalised.
        generator: Draws the rows.
        t: Width of the Gaussian potential.

    Returns:
        None where there is no pair, that is for fewer than two rows.
    """
    if len(embeddings) < 2:
        return None
    rows = torch.randperm(len(embeddings), generator=generator)[:UNIFORMITY_ROWS]
    squared = functional.pdist(_unit(embeddings[rows])).square()
    return float(torch.logsumexp(-t * squared, dim=0) - torch.tensor(float(len(squared))).log())


def effective_rank(embeddings: Tensor) -> float | None:
    """Exponential of the entropy of the normalised singular values of the unit rows: 1 to min(N, D).

    Roy & Vetterli, "The effective rank" (EUSIPCO 2007), definition 1; not centred, as there.

    Args:
        embeddings: [N, D]; rows need not be normalised.

    Returns:
        None where every row is zero and has no direction.
    """
    values = torch.linalg.svdvals(_unit(embeddings))
    if not values.sum() > 0:
        return None
    parts = values / values.sum()
    return float(torch.special.entr(parts).sum().exp())


def _unit(rows: Tensor) -> Tensor:
    return functional.normalize(rows.double(), dim=1)
