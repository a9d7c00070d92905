"""Effective rank: how many directions the embeddings use."""

from typing import ClassVar, Literal

from moco_bench.components.metrics.base import Evaluation, Metric


class EffectiveRank(Metric):
    """Exponential of the entropy of the normalised singular values of the unit projections; not centred."""

    source: ClassVar[str] = "Roy and Vetterli, The effective rank (EUSIPCO 2007), definition 1"
    cost: ClassVar[str] = "the singular values of [N, D]"
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"
    decimals: ClassVar[int] = 1

    name: Literal["effective-rank"] = "effective-rank"

    def compute(self, evaluation: Evaluation) -> float | None:
        """The effective rank, from 1 to min(N, D); None if every row is zero, without a direction."""
        import torch
        from torch.nn import functional

        values = torch.linalg.svdvals(functional.normalize(evaluation.test.projections.double(), dim=1))
        if not values.sum() > 0:
            return None
        parts = values / values.sum()
        return float(torch.special.entr(parts).sum().exp())
