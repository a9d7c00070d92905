"""Linear probe: a linear classifier on frozen features, its penalty chosen without the evaluation split."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from moco_bench.evaluate.knn import percent_correct
from moco_bench.evaluate.lbfgs import minimise
from moco_bench.evaluate.softmax_regression import Coordinates, SoftmaxRegression
from moco_bench.suite.config import ProbeConfig

TOLERANCES = (1e-4, 1e-5, 1e-6)
"""On the gradient. Candidates often differ by one or two held-out images; at 1e-4, scikit-learn's default, so many get
another class than at the minimum."""
CONTENDS = (0.004, 0.002)
"""A candidate solved to each but the last of the tolerances can still win if it is behind by less than this part of the
held-out images. Several times what changes from there to the minimum."""
CLEARLY = 2.0
"""Standard errors by which two candidates in a row, added up, have to be behind for weaker penalties to be left out."""


@dataclass(frozen=True)
class ProbeResult:
    """Accuracy in percent of a linear probe, solved on the whole training split, and how it came about.

    `c`: the chosen inverse strength of the penalty, and its accuracy on the held-out part of the training split.
    `predicted`: the class found for each evaluation image [N].
    """

    top1: float
    c: float
    holdout_top1: float
    predicted: Tensor = field(compare=False)


def linear_probe(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    test_labels: Tensor,
    config: ProbeConfig,
    *,
    class_count: int,
    held: Tensor,
) -> ProbeResult:
    """Choose C on the held-out part, solve on the whole training split, test once.

    The problem is convex: neither a seed nor an order of images is part of it. Features are standardised over the
    training split. C weighs the summed cross-entropy against half the squared weights, as in scikit-learn. Equal
    held-out accuracies are settled in favour of the smaller C.

    Features are [N, F] and [Q, F], labels int64 [N] and [Q]. `held`, bool [N], are the images to choose on (see
    `held_out`): some, but not all.
    """
    held = held.to(train_labels.device)
    # Held-out images last, so that both parts are slices of one copy.
    order = torch.cat([(~held).nonzero().flatten(), held.nonzero().flatten()])
    coordinates, inputs = Coordinates.of(train_features[order])
    labels, stays = train_labels[order], len(order) - int(held.sum())

    def solved(count: int, c: float, weights: Tensor, tolerance: float) -> Tensor:
        problem = SoftmaxRegression.of(inputs[:count], labels[:count], class_count, c=c, spread=coordinates.spread)
        return minimise(problem, weights, tolerance)

    def at(c: float, weights: Tensor, tolerance: float) -> _Candidate:
        weights = solved(stays, c, weights, tolerance)
        return _Candidate(c, weights, (inputs[stays:] @ weights.T).argmax(dim=1) == labels[stays:])

    path: list[_Candidate] = []
    zero = inputs.new_zeros(class_count, inputs.shape[1])
    for c in sorted(set(config.c_values)):
        path.append(at(c, _start(path, c, zero), TOLERANCES[0]))
        if _is_past_the_best(path):
            break
    for part, tolerance in zip(CONTENDS, TOLERANCES[1:], strict=True):
        enough = _best(path).score - part * (len(order) - stays)
        path = [at(each.c, each.weights, tolerance) for each in path if each.score > enough]
    best = _best(path)
    weights = solved(len(order), best.c, best.weights, TOLERANCES[-1])
    predicted = (coordinates.inputs(test_features) @ weights.T).argmax(dim=1)
    return ProbeResult(
        percent_correct(predicted, test_labels), best.c, 100 * best.score / (len(order) - stays), predicted
    )


@dataclass(frozen=True)
class _Candidate:
    """A penalty, its solution, and which held-out images that solution classifies correctly."""

    c: float
    weights: Tensor
    right: Tensor

    @property
    def score(self) -> int:
        return int(self.right.sum())

    def behind(self, other: "_Candidate") -> float:
        """By how many standard errors (McNemar's) it is behind `other`; 0 where it is not."""
        lost, won = int((other.right & ~self.right).sum()), int((self.right & ~other.right).sum())
        return max(0, lost - won) / math.sqrt(max(1, lost + won))


def _best(path: Sequence[_Candidate]) -> _Candidate:
    return max(path, key=lambda each: (each.score, -each.c))


def _start(path: Sequence[_Candidate], c: float, zero: Tensor) -> Tensor:
    """Initial weights for `c`: solutions are smooth in log C, so the path's last step is extrapolated."""
    if len(path) < 2:
        return path[-1].weights if path else zero
    before, last = path[-2:]
    share = min(1.0, math.log(c / last.c) / math.log(last.c / before.c))
    return last.weights + share * (last.weights - before.weights)


def _is_past_the_best(path: Sequence[_Candidate]) -> bool:
    """Whether weaker penalties than the path's last can be skipped: each fits more closely what generalises worse."""
    best = _best(path)
    return path[-1] is not best and sum(each.behind(best) for each in path[-2:]) > CLEARLY
