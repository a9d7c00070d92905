"""Linear probe: a linear classifier on frozen features, its penalty chosen without the evaluation split."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from moco_bench.evaluate.knn import percent_correct
from moco_bench.evaluate.lbfgs import minimise
from moco_bench.evaluate.softmax_regression import SoftmaxRegressions, Standardisation
from moco_bench.suite.config import ProbeConfig

TOLERANCE = 1e-6
"""On the gradient. Candidates often differ by one or two held-out images; at 1e-4, scikit-learn's default, so many get
another class than at the minimum."""


@dataclass(frozen=True)
class ProbeResult:
    """Accuracy of a linear probe and how it came about; accuracies in percent.

    Attributes:
        top1: On the evaluation split, solved on the whole training split.
        c: The chosen inverse strength of the penalty.
        holdout_top1: Of the chosen C, on the held-out part of the training split.
        predicted: The class found for each evaluation image [N].
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

    Args:
        train_features: [N, F].
        train_labels: int64 [N].
        test_features: [Q, F].
        test_labels: int64 [Q].
        config: Candidates for C.
        class_count: Number of classes.
        held: bool [N], the images to choose on (see `held_out`); some, but not all.
    """
    standardise = Standardisation.of(train_features)
    held = held.to(train_labels.device)
    # Held-out images last, so that both parts are slices of one copy.
    order = torch.cat([(~held).nonzero().flatten(), held.nonzero().flatten()])
    inputs, labels = standardise(train_features[order]), train_labels[order]
    stays = len(order) - int(held.sum())
    candidates = sorted(set(config.c_values))

    def solved(count: int, c_values: list[float]) -> Tensor:
        penalties = 1 / (count * torch.tensor(c_values, dtype=torch.float64))
        problem = SoftmaxRegressions.of(inputs[:count], labels[:count], penalties, class_count)
        return minimise(problem, TOLERANCE)

    accuracies = top1(solved(stays, candidates), inputs[stays:], labels[stays:])
    best = max(range(len(candidates)), key=lambda index: (accuracies[index], -index))
    weights = solved(len(order), [candidates[best]])
    predicted = (standardise(test_features) @ weights[0].T).argmax(dim=1)
    accuracy = percent_correct(predicted, test_labels)
    return ProbeResult(accuracy, candidates[best], accuracies[best], predicted)


def top1(weights: Tensor, inputs: Tensor, labels: Tensor) -> list[float]:
    """Accuracy in percent of each of the weights [G, C, F + 1] on inputs [N, F + 1]."""
    return [percent_correct((inputs @ each.T).argmax(dim=1), labels) for each in weights]
