"""Alignment and uniformity as a loss."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Objective, Terms


class AlignUniform(Objective):
    """|q - k|^2 + weight * log mean_j e^(-t |q - n_j|^2), which is a log-sum at temperature 1 / (2 t)."""

    source: ClassVar[str] = "Wang and Isola 2020 (arXiv 2005.10242), with the queue in place of the batch"
    cost: ClassVar[str] = "nothing"

    name: Literal["align-uniform"] = "align-uniform"
    t: float = Field(2.0, gt=0, description="Of the Gaussian potential.")
    weight: float = Field(1.0, ge=0, description="Of uniformity.")

    def terms(self, batch):
        """The loss; an anchor without negatives has no uniformity."""
        align = 2 - 2 * batch.positive
        uniform = batch.query_sum(1 / (2 * self.t)) - 2 * self.t
        uniform = uniform.masked_fill(uniform.isinf(), 0.0)
        return Terms((align + self.weight * uniform).mean())
