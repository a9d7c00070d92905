"""L-BFGS for softmax regression: Nocedal & Wright, Numerical Optimization (2006), algorithms 7.4 and 3.1.

Own code, since a line search takes no product with the features here (scores are linear in the weights), and the first
Hessian is that of zero weights in place of a multiple of the identity: three to ten times fewer iterations.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from moco_bench.evaluate.softmax_regression import SoftmaxRegression, dot

MEMORY = 10
"""Number of past steps that are kept."""
ITERATIONS = 500
HALVINGS = 30
"""Most halvings of a step's size."""
SUFFICIENT = 1e-4
"""Fraction of the decrease predicted by the slope that a step must achieve (Armijo)."""
ROUNDING = 1e-10
"""Relative to a loss: a smaller decrease is noise."""


def minimise(problem: SoftmaxRegression, weights: Tensor, tolerance: float) -> Tensor:
    """The weights [C, F + 1] that minimise the objective, from `weights` on.

    Args:
        problem: The regression.
        weights: [C, F + 1], where to begin.
        tolerance: On the largest entry of the gradient. The search also ends where rounding leaves no decrease to be
            seen, and after `ITERATIONS`.
    """
    scores = problem.scores(weights)
    loss = problem.cross_entropy(scores) + problem.penalty(weights, weights) / 2
    gradient = problem.gradient(scores, weights)
    steps: list[_Step] = []
    for _ in range(ITERATIONS):
        if gradient.abs().max() <= tolerance:
            break
        direction = -_inverse_hessian_times(gradient, steps, problem)
        size, found, scores = _line_search(problem, scores, weights, direction, loss, dot(gradient, direction))
        moved = size * direction
        weights = weights + moved
        before, gradient = gradient, problem.gradient(scores, weights)
        steps = [*steps[-(MEMORY - 1) :], *_Step.of(moved, gradient - before)]
        if loss - found <= ROUNDING * loss:
            break
        loss = found
    return weights


@dataclass(frozen=True)
class _Step:
    """A step [C, F + 1], the change of the gradient over it, and the reciprocal of their product."""

    moved: Tensor
    turned: Tensor
    inverse: Tensor

    @classmethod
    def of(cls, moved: Tensor, turned: Tensor) -> list["_Step"]:
        """The step in a list; an empty list where rounding makes the curvature, which is positive, vanish."""
        product = dot(moved, turned)
        return [cls(moved, turned, 1 / product)] if product > 0 else []


def _inverse_hessian_times(gradient: Tensor, steps: list[_Step], problem: SoftmaxRegression) -> Tensor:
    """The two loops of algorithm 7.4, the first Hessian scaled to the last step (7.20)."""
    result, parts = gradient.clone(), []
    for step in reversed(steps):
        parts.append(step.inverse * dot(step.moved, result))
        result.sub_(parts[-1] * step.turned)
    result *= problem.flatness
    if steps:
        last = steps[-1]
        result /= last.inverse * dot(last.turned, problem.flatness * last.turned)
    for step, part in zip(steps, reversed(parts), strict=True):
        result.add_((part - step.inverse * dot(step.turned, result)) * step.moved)
    return result


def _line_search(
    problem: SoftmaxRegression, scores: Tensor, weights: Tensor, direction: Tensor, loss: Tensor, slope: Tensor
) -> tuple[float, Tensor, Tensor]:
    """The largest of 1, 1/2, 1/4, ... that decreases the loss enough, with its loss and scores; 0 if none does."""
    along = problem.scores(direction)
    own, mixed, new = (
        problem.penalty(left, right)
        for left, right in ((weights, weights), (weights, direction), (direction, direction))
    )
    size = 1.0
    for _ in range(HALVINGS):
        moved = torch.add(scores, along, alpha=size)
        found = problem.cross_entropy(moved) + own / 2 + size * mixed + size**2 * new / 2
        if found <= loss + SUFFICIENT * size * slope + ROUNDING * loss:
            return size, found, moved
        size /= 2
    return 0.0, loss, scores
