"""Linear probe: a linear classifier on frozen features, its rate and decay chosen without the test split."""

import math
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from moco_bench.evaluate.knn import percent_correct
from moco_bench.suite.config import ProbeConfig

MOMENTUM = 0.9
Candidate = tuple[float, float]


@dataclass(frozen=True)
class ProbeResult:
    """Accuracy of a linear probe and how it was chosen; accuracies in percent.

    Attributes:
        top1: On the evaluation split, after the last epoch on the whole training split.
        learning_rate: The chosen rate.
        weight_decay: The chosen decay.
        holdout_top1: Of the chosen pair on the held-out part of the training split.
    """

    top1: float
    learning_rate: float
    weight_decay: float
    holdout_top1: float


def linear_probe(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    test_labels: Tensor,
    config: ProbeConfig,
    *,
    class_count: int,
    seed: int,
) -> ProbeResult:
    """Choose rate and decay on a held-out, class-balanced part of the training split, train on all of it, test once.

    Equal held-out accuracies are settled by the order of the candidates, rates first. All candidates are trained at the
    same time, on the same batches.

    Args:
        train_features: [N, F].
        train_labels: int64 [N].
        test_features: [Q, F].
        test_labels: int64 [Q].
        config: Epochs, batch size, candidates and the held-out part.
        class_count: Number of classes.
        seed: Of the held-out part and of the batch order.
    """
    generator = torch.Generator().manual_seed(seed)
    candidates = list(product(config.learning_rates, config.weight_decays))
    fit, held = stratified_split(train_labels, config.holdout, generator)
    accuracies = _train_and_score(
        (train_features[fit], train_labels[fit]),
        (train_features[held], train_labels[held]),
        candidates, config, class_count, generator,
    )
    best = max(range(len(candidates)), key=lambda index: (accuracies[index], -index))
    [top1] = _train_and_score(
        (train_features, train_labels),
        (test_features, test_labels),
        [candidates[best]], config, class_count, generator,
    )
    return ProbeResult(top1, *candidates[best], accuracies[best])


def stratified_split(labels: Tensor, part: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Indices of the rest and of a random `part` of each class, at least one image of it where it has two; sorted."""
    held = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.cpu().unique():
        members = (labels.cpu() == label).nonzero().flatten()
        count = min(max(1, round(part * len(members))), len(members) - 1)
        held[members[torch.randperm(len(members), generator=generator)[:count]]] = True
    return (~held).nonzero().flatten(), held.nonzero().flatten()


@dataclass(frozen=True)
class Scaling:
    """Centres and scales each feature, then divides by sqrt(F): rows have a mean squared norm of one.
    """

    mean: Tensor
    scale: Tensor

    @classmethod
    def of(cls, features: Tensor) -> "Scaling":
        """From the mean and the standard deviation of [N, F]; a constant feature becomes zero."""
        std, mean = torch.std_mean(features, dim=0, correction=0)
        usable = std > 1e-6 * std.max()
        return cls(mean, torch.where(usable, 1 / std, 0.0))

    def __call__(self, features: Tensor) -> Tensor:
        """Scale [N, F]."""
        return (features - self.mean) * self.scale


def _train_and_score(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    candidates: list[Candidate],
    config: ProbeConfig,
    class_count: int,
    generator: torch.Generator,
) -> list[float]:
    scaling = Scaling.of(train[0].float())
    weight, bias = train_classifiers(scaling(train[0].float()), train[1], candidates, config, class_count, generator)
    logits = torch.einsum("nf,gfc->gnc", scaling(test[0].float()), weight) + bias[:, None]
    return [percent_correct(predicted, test[1]) for predicted in logits.argmax(dim=2)]


def train_classifiers(
    features: Tensor,
    labels: Tensor,
    candidates: list[Candidate],
    config: ProbeConfig,
    class_count: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Softmax regression for every (rate, decay) at once: SGD with momentum 0.9, cosine schedule a step, from zero.

    """
    rows, width = features.shape
    rates = torch.tensor([rate for rate, _ in candidates], device=features.device).view(-1, 1)
    decays = torch.tensor([decay for _, decay in candidates], device=features.device).view(-1, 1)
    count = len(candidates)
    weight = features.new_zeros(width, count, class_count)
    bias = features.new_zeros(count, class_count)
    weight_velocity, bias_velocity = torch.zeros_like(weight), torch.zeros_like(bias)
    targets = functional.one_hot(labels, class_count).to(features.dtype)
    steps_an_epoch = math.ceil(rows / config.batch_size)
    total = steps_an_epoch * config.epochs
    step = 0
    for _ in range(config.epochs):
        order = torch.randperm(rows, generator=generator).to(features.device)
        for batch in order.split(config.batch_size):
            x = features[batch]
            logits = torch.addmm(bias.view(-1), x, weight.view(width, -1)).view(len(batch), count, class_count)
            error = (logits.softmax(dim=2) - targets[batch][:, None]) / len(batch)
            gradient = (x.T @ error.view(len(batch), -1)).view_as(weight)
            gradient += decays * weight
            rate = rates * (0.5 * (1 + math.cos(math.pi * step / total)))
            weight_velocity.mul_(MOMENTUM).add_(gradient)
            bias_velocity.mul_(MOMENTUM).add_(error.sum(0))
            weight -= rate * weight_velocity
            bias -= rate * bias_velocity
            step += 1
    return weight.permute(1, 0, 2), bias
