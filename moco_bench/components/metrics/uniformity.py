"""Uniformity: how evenly embeddings cover the sphere."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.metrics.base import Evaluation, Metric

ROWS = 2048
"""More rows change uniformity by less than seeds do, and their pairs grow with the square."""


class Uniformity(Metric):
    """Logarithm of the mean of exp(-t |x - y|^2) over pairs of unit projections: 0 where all are one."""

    source: ClassVar[str] = "Wang and Isola 2020 (arXiv 2005.10242)"
    cost: ClassVar[str] = f"the distances of {ROWS} rows"
    better: ClassVar[Literal["higher", "lower"] | None] = "lower"

    name: Literal["uniformity"] = "uniformity"
    t: float = Field(2.0, gt=0, description="Width of the Gaussian potential.")

    def compute(self, evaluation: Evaluation) -> float | None:
        """The uniformity of at most `ROWS` rows; None for fewer than two images, which have no pair."""
        import torch
        from torch.nn import functional

        embeddings = evaluation.test.projections
        if len(embeddings) < 2:
            return None
        rows = torch.randperm(len(embeddings), generator=evaluation.generator("uniformity"))[:ROWS]
        squared = functional.pdist(functional.normalize(embeddings[rows].double(), dim=1)).square()
        return float(torch.logsumexp(-self.t * squared, dim=0) - torch.tensor(float(len(squared))).log())
