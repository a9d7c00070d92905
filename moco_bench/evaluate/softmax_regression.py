"""Softmax regression with an L2 penalty on standardised features, and the coordinates in which it is solved.

Scores are [C, N], examples last: for ten classes a softmax over the first dimension takes a tenth of the time that it
takes over the last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

EXAMPLES_AT_ONCE = 4096
"""Examples per part outside of the large matmuls, so that a part stays in the cache."""


@dataclass(frozen=True)
class Coordinates:
    """Standardises each feature (mean zero, variance one) and rotates them into the principal axes.

    The squared norm of weights is the same in turned coordinates, so the regression is the same one; but there the
    Hessian of zero weights is diagonal. Axes along which examples can't differ, since there are fewer examples than
    features, are left out: no weight along them is worth its penalty.

    Attributes:
        mean: [F].
        scale: [F]; zero for a constant feature.
        axes: [F, A], A at most F and the number of examples.
        spread: [A], the examples' variance along each axis.
    """

    mean: Tensor
    scale: Tensor
    axes: Tensor
    spread: Tensor

    @classmethod
    def of(cls, features: Tensor) -> tuple[Self, Tensor]:
        """Compute coordinates from features [N, F]; also returns these features as `inputs` does."""
        std, mean = torch.std_mean(features, dim=0, correction=0)
        scale = torch.where(std > 1e-6 * std.max(), 1 / std, 0.0)
        standardised = (features - mean).mul_(scale)
        spread, axes = torch.linalg.eigh(standardised.T @ standardised / len(features))
        count = min(features.shape)
        found = cls(mean, scale, axes[:, -count:].contiguous(), spread[-count:].clamp(min=0))
        return found, found._turned(standardised)

    def inputs(self, features: Tensor) -> Tensor:
        """Features [B, F] as inputs [B, A + 1], with a last column of ones for the bias."""
        return self._turned((features - self.mean).mul_(self.scale))

    def _turned(self, standardised: Tensor) -> Tensor:
        inputs = standardised.new_ones(len(standardised), len(self.spread) + 1)
        inputs[:, :-1] = standardised @ self.axes
        return inputs


@dataclass(frozen=True)
class SoftmaxRegression:
    """Mean cross-entropy + penalty / 2 * |weights without bias|^2.

    Weights are [C, A + 1], the bias last. Sums over examples are in float64: near the minimum two losses differ by less
    than the rounding of a float32 sum.

    Attributes:
        inputs: [N, A + 1], of `Coordinates`.
        labels: int64 [N].
        class_count: C.
        ridge: [A + 1], the penalty of each weight; zero for the bias.
        flatness: [A + 1], the inverse curvature along each axis, and of the bias, where all weights are zero.
    """

    inputs: Tensor
    labels: Tensor
    class_count: int
    ridge: Tensor
    flatness: Tensor

    @classmethod
    def of(cls, inputs: Tensor, labels: Tensor, class_count: int, *, c: float, spread: Tensor) -> Self:
        """The problem with scikit-learn's C, which weighs the summed cross-entropy; `spread` as in `Coordinates`."""
        ridge = functional.pad(torch.full_like(spread, 1 / (c * len(inputs))), (0, 1))
        # The Hessian at zero is (I / C - 1 / C^2) times the covariance; what its second term takes away moves all
        # classes' scores alike, which changes nothing.
        curvature = functional.pad(spread, (0, 1), value=1.0) / class_count
        return cls(inputs, labels, class_count, ridge, 1 / (curvature + ridge))

    def scores(self, weights: Tensor) -> Tensor:
        """Scores [C, N]. They are linear in the weights, so along a line they need no further matmuls."""
        return weights @ self.inputs.T

    def cross_entropy(self, scores: Tensor) -> Tensor:
        """Mean cross-entropy over the examples, float64."""
        total = torch.zeros((), dtype=torch.float64, device=scores.device)
        for part in self._parts():
            own = scores[:, part].gather(0, self.labels[None, part])[0]
            total += (scores[:, part].logsumexp(dim=0) - own).sum(dtype=torch.float64)
        return total / len(self.inputs)

    def penalty(self, weights: Tensor, others: Tensor) -> Tensor:
        """The penalty's inner product of two sets of weights, float64; a set's penalty is half of that with itself."""
        return dot(self.ridge * weights, others)

    def gradient(self, scores: Tensor, weights: Tensor) -> Tensor:
        """Gradient of the objective at `weights`, whose scores are given: [C, A + 1]."""
        gradient = torch.zeros_like(weights)
        for part in self._parts():
            targets = functional.one_hot(self.labels[part], self.class_count).T
            error = scores[:, part].softmax(dim=0).sub_(targets)
            gradient.addmm_(error, self.inputs[part])
        return gradient.div_(len(self.inputs)).addcmul_(self.ridge, weights)

    def _parts(self) -> Iterator[slice]:
        for start in range(0, len(self.inputs), EXAMPLES_AT_ONCE):
            yield slice(start, start + EXAMPLES_AT_ONCE)


def dot(left: Tensor, right: Tensor) -> Tensor:
    """Inner product, float64 without dimensions."""
    return (left * right).sum(dtype=torch.float64)
