"""Softmax regression with an L2 penalty: its objective, for several penalties side by side.

Arrays of scores are [G, C, N], examples last: for ten classes a softmax over the middle dimension takes a tenth of the
time that it takes over the last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

EXAMPLES_AT_ONCE = 4096
"""In what isn't one large product, so that it stays in the cache."""


@dataclass(frozen=True)
class Standardisation:
    """Each feature to mean zero and variance one; a constant feature becomes zero.

    Attributes:
        mean: [F].
        scale: [F].
    """

    mean: Tensor
    scale: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Self:
        """From the rows of [N, F]."""
        std, mean = torch.std_mean(features, dim=0, correction=0)
        varies = std > 1e-6 * std.max()
        return cls(mean, torch.where(varies, 1 / std, 0.0))

    def __call__(self, features: Tensor) -> Tensor:
        """[B, F] to [B, F + 1]: standardised, with a last column of ones for the bias."""
        inputs = features.new_ones(len(features), features.shape[1] + 1)
        torch.sub(features, self.mean, out=inputs[:, :-1])
        inputs[:, :-1] *= self.scale
        return inputs


@dataclass(frozen=True)
class SoftmaxRegressions:
    """Mean cross-entropy + penalty / 2 * |weights without bias|^2, for G penalties on the same examples.

    Weights are [G, C, F + 1], the bias last. With them, sums over examples are in float64: near the minimum two losses
    differ by less than the rounding of a float32 sum.

    Attributes:
        inputs: [N, F + 1], centred, the last column ones.
        labels: int64 [N].
        class_count: C.
        ridge: [G, 1, F + 1], the penalty of each weight; zero for the bias.
        axes: [F, F], the eigenvectors of the inputs' covariance as columns.
        flatness: [G, 1, F + 1], the inverse curvature along each of them, and of the bias, where all weights are zero.
    """

    inputs: Tensor
    labels: Tensor
    class_count: int
    ridge: Tensor
    axes: Tensor
    flatness: Tensor

    @classmethod
    def of(cls, inputs: Tensor, labels: Tensor, penalties: Tensor, class_count: int) -> Self:
        """From `Standardisation`'s inputs [N, F + 1], labels [N] and penalties [G] above zero."""
        ridge = penalties.to(inputs)[:, None, None].repeat(1, 1, inputs.shape[1])
        ridge[:, :, -1] = 0
        features = inputs[:, :-1]
        spread, axes = torch.linalg.eigh(features.T @ features / len(inputs))
        # The Hessian at zero is (I / C - 1 / C^2) times the covariance; what its second term takes away moves all
        # classes' scores alike, which changes nothing.
        curvature = functional.pad(spread.clamp(min=0), (0, 1), value=1.0) / class_count
        return cls(inputs, labels, class_count, ridge, axes, 1 / (curvature + ridge))

    def only(self, keep: Tensor) -> Self:
        """Those of the regressions where `keep`, bool [G], is true."""
        return replace(self, ridge=self.ridge[keep], flatness=self.flatness[keep])

    def scores(self, weights: Tensor) -> Tensor:
        """[G, C, N]. Linear in the weights: along a line, they are had without further products."""
        return (weights.flatten(0, 1) @ self.inputs.T).view(*weights.shape[:2], len(self.inputs))

    def cross_entropy(self, scores: Tensor, along: Tensor, sizes: Tensor) -> Tensor:
        """Means of `scores + sizes * along`, float64 [G]."""
        total = torch.zeros(len(scores), dtype=torch.float64, device=scores.device)
        steps = sizes.to(scores.dtype)[:, None, None]
        for part in self._parts():
            moved = torch.addcmul(scores[:, :, part], steps, along[:, :, part])
            own = moved.gather(1, self.labels[part].expand(len(moved), 1, -1))[:, 0]
            total += (moved.logsumexp(dim=1) - own).sum(dim=1, dtype=torch.float64)
        return total / len(self.inputs)

    def penalty(self, weights: Tensor, others: Tensor) -> Tensor:
        """The penalty's inner product of two sets of weights, float64 [G]; a set's penalty is half of its own."""
        return dot(self.ridge * weights, others)

    def gradient(self, scores: Tensor, weights: Tensor) -> Tensor:
        """Of the objective at `weights`, whose scores are given: [G, C, F + 1]."""
        gradient = torch.zeros_like(weights).flatten(0, 1)
        for part in self._parts():
            targets = functional.one_hot(self.labels[part], self.class_count).T
            error = scores[:, :, part].softmax(dim=1).sub_(targets)
            gradient.addmm_(error.flatten(0, 1), self.inputs[part])
        return gradient.view_as(weights).div_(len(self.inputs)).addcmul_(self.ridge, weights)

    def precondition(self, gradient: Tensor) -> Tensor:
        """The inverse Hessian at zero weights times `gradient`: Newton's step from there."""
        along_axes = torch.cat([gradient[:, :, :-1] @ self.axes, gradient[:, :, -1:]], dim=2) * self.flatness
        return torch.cat([along_axes[:, :, :-1] @ self.axes.T, along_axes[:, :, -1:]], dim=2)

    def _parts(self) -> Iterator[slice]:
        for start in range(0, len(self.inputs), EXAMPLES_AT_ONCE):
            yield slice(start, start + EXAMPLES_AT_ONCE)


def dot(left: Tensor, right: Tensor) -> Tensor:
    """Inner products of G sets of weights, float64 [G]."""
    return (left * right).sum(dim=(1, 2), dtype=torch.float64)
