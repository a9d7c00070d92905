"""L-BFGS for softmax regressions side by side: Nocedal & Wright, Numerical Optimization (2006), algorithms 7.4 and 3.1.

Own code, since library versions solve one problem at a time. Here all penalties share each product with the features, a
line search takes none, and the first Hessian is that of zero weights in place of a multiple of the identity: three to
ten times fewer iterations.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from moco_bench.evaluate.softmax_regression import SoftmaxRegressions, dot

MEMORY = 10
"""Steps that are remembered."""
ITERATIONS = 500
HALVINGS = 30
"""Of a step's size."""
SUFFICIENT = 1e-4
"""The part of the decrease promised by the slope that a step has to achieve (Armijo)."""
ROUNDING = 1e-10
"""Of a loss: a smaller decrease is noise."""


def minimise(problem: SoftmaxRegressions, tolerance: float) -> Tensor:
    """The weights [G, C, F + 1] that minimise each regression's objective, from zero weights on.

    Args:
        problem: G regressions.
        tolerance: On the largest entry of a gradient. A regression also ends where rounding leaves no decrease to be
            seen, and after `ITERATIONS`.
    """
    count, width = len(problem.ridge), problem.inputs.shape[1]
    weights = problem.inputs.new_zeros(count, problem.class_count, width)
    solved, left = torch.zeros_like(weights), torch.arange(count, device=weights.device)
    scores = problem.scores(weights)
    losses = problem.cross_entropy(scores, scores, torch.zeros(count, device=weights.device))
    gradient = problem.gradient(scores, weights)
    steps: list[_Step] = []
    for _ in range(ITERATIONS):
        direction = -_inverse_hessian_times(gradient, steps, problem)
        along = problem.scores(direction)
        sizes, found = _line_search(problem, scores, along, weights, direction, losses, dot(gradient, direction))
        scale = sizes.to(weights.dtype)[:, None, None]
        weights, scores = weights + scale * direction, scores.addcmul_(scale, along)
        before, gradient = gradient, problem.gradient(scores, weights)
        steps = [*steps[-(MEMORY - 1) :], _Step.of(scale * direction, gradient - before)]
        settled = (gradient.abs().amax(dim=(1, 2)) <= tolerance) | (losses - found <= ROUNDING * losses)
        losses = found
        if settled.any():  # the others go on without them
            solved[left[settled]] = weights[settled]
            keep = ~settled
            if not keep.any():
                break
            left, weights, scores, gradient, losses = (
                of_all[keep] for of_all in (left, weights, scores, gradient, losses)
            )
            problem, steps = problem.only(keep), [step.only(keep) for step in steps]
    else:
        solved[left] = weights
    return solved


@dataclass(frozen=True)
class _Step:
    """A step [G, C, F + 1], the change of the gradient over it, and one over their product [G], 0 where it is noise."""

    moved: Tensor
    turned: Tensor
    inverse: Tensor

    @classmethod
    def of(cls, moved: Tensor, turned: Tensor) -> "_Step":
        product = dot(moved, turned)
        return cls(moved, turned, torch.where(product > 0, 1 / product, 0.0))

    def only(self, keep: Tensor) -> "_Step":
        return _Step(self.moved[keep], self.turned[keep], self.inverse[keep])


def _inverse_hessian_times(gradient: Tensor, steps: list[_Step], problem: SoftmaxRegressions) -> Tensor:
    """The two loops of algorithm 7.4, the first Hessian scaled to the last step (7.20)."""
    result, parts = gradient.clone(), []
    for step in reversed(steps):
        parts.append(step.inverse * dot(step.moved, result))
        result.addcmul_(_per_set(-parts[-1], result), step.turned)
    result = problem.precondition(result)
    if steps:
        last = steps[-1]
        curvature = last.inverse * dot(last.turned, problem.precondition(last.turned))
        result *= _per_set(torch.where(curvature > 0, 1 / curvature, 1.0), result)
    for step, part in zip(steps, reversed(parts), strict=True):
        result.addcmul_(_per_set(part - step.inverse * dot(step.turned, result), result), step.moved)
    return result


def _line_search(
    problem: SoftmaxRegressions,
    scores: Tensor,
    along: Tensor,
    weights: Tensor,
    direction: Tensor,
    losses: Tensor,
    slopes: Tensor,
) -> tuple[Tensor, Tensor]:
    """The largest of 1, 1/2, 1/4, ... that decreases each loss enough, and the losses there; 0 where none does."""
    own, mixed, new = (
        problem.penalty(left, right)
        for left, right in ((weights, weights), (weights, direction), (direction, direction))
    )
    sizes, enough = torch.ones_like(losses), torch.zeros_like(losses, dtype=torch.bool)
    found = losses
    for _ in range(HALVINGS):
        penalties = own / 2 + sizes * mixed + sizes.square() * new / 2
        found = problem.cross_entropy(scores, along, sizes) + penalties
        enough = found <= losses + SUFFICIENT * sizes * slopes + ROUNDING * losses
        if enough.all():
            break
        sizes = torch.where(enough, sizes, sizes / 2)
    return torch.where(enough, sizes, 0.0), torch.where(enough, found, losses)


def _per_set(values: Tensor, like: Tensor) -> Tensor:
    return values.to(like.dtype)[:, None, None]
