"""Linear probe: a linear classifier on frozen features, its rate and decay chosen without the evaluation split."""

import math
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from moco_bench.errors import InputError
from moco_bench.evaluate.knn import percent_correct
from moco_bench.suite.config import ProbeConfig

MOMENTUM = 0.9
SCORED_ROWS = 4096
"""At once, to bound the memory."""
Candidate = tuple[float, float]
"""Learning rate and weight decay."""


@dataclass(frozen=True)
class ProbeResult:
    """Accuracy of a linear probe and how it came about; accuracies in percent.

    Attributes:
        top1: On the evaluation split, after the last epoch on the whole training split.
        learning_rate: The chosen rate.
        weight_decay: The chosen decay.
        holdout_top1: Of the chosen pair, on the held-out part of the training split.
    """

    top1: float
    learning_rate: float
    weight_decay: float
    holdout_top1: float


@dataclass(frozen=True)
class Examples:
    """Features [N, F] and their labels [N], int64, on one device."""

    features: Tensor
    labels: Tensor


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
    """Choose rate and decay on a held-out part of each class, train on the whole training split, test once.

    Features are standardised (see `Standardisation`), so that one list of rates serves every encoder and raw pixels.
    Equal held-out accuracies are settled by the order of the candidates: the first rate, then the first decay.

    Args:
        train_features: [N, F].
        train_labels: int64 [N].
        test_features: [Q, F].
        test_labels: int64 [Q].
        config: Epochs, batch size, candidates and the held-out part.
        class_count: Number of classes.
        seed: Of the held-out part and of the batch order.

    Raises:
        InputError: no class has two training images, so that nothing can be held out.
    """
    generator = torch.Generator().manual_seed(seed)
    train, test = Examples(train_features, train_labels), Examples(test_features, test_labels)
    candidates = list(product(config.learning_rates, config.weight_decays))
    fit, held = stratified_split(train_labels.cpu(), config.holdout, generator)
    accuracies = LinearClassifiers.train(train, fit, candidates, config, class_count, generator).top1(train, held)
    best = max(range(len(candidates)), key=lambda index: (accuracies[index], -index))
    chosen = LinearClassifiers.train(
        train, torch.arange(len(train_labels)), [candidates[best]], config, class_count, generator
    )
    [top1] = chosen.top1(test, torch.arange(len(test_labels)))
    return ProbeResult(top1, *candidates[best], accuracies[best])


def stratified_split(labels: Tensor, part: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Ascending indices of what stays and of a random `part` of each class; where a class has two images, both get one.

    Raises:
        InputError: no class has two images.
    """
    held = torch.zeros(len(labels), dtype=torch.bool)
    for label in torch.unique(labels):
        members = (labels == label).nonzero().flatten()
        count = min(max(1, round(part * len(members))), len(members) - 1)
        held[members[torch.randperm(len(members), generator=generator)[:count]]] = True
    if not held.any():
        raise InputError("linear probe: no class has two training images, so none can be held out; give it more images")
    return (~held).nonzero().flatten(), held.nonzero().flatten()


@dataclass(frozen=True)
class Standardisation:
    """Each feature to mean zero and variance 1/F, so that rows have a mean squared norm of one.

    The curvature of softmax regression grows with the squared norm of its inputs: with it fixed, a learning rate means
    the same for 128 features and for 2,048, for large features and for small ones. A constant feature becomes zero.
    """

    mean: Tensor
    scale: Tensor

    @classmethod
    def of(cls, features: Tensor) -> "Standardisation":
        """From the rows of [N, F]."""
        std, mean = torch.std_mean(features, dim=0, correction=0)
        varies = std > 1e-6 * std.max()
        return cls(mean, torch.where(varies, 1 / (std * math.sqrt(len(std))), 0.0))

    def __call__(self, features: Tensor) -> Tensor:
        """Standardise [B, F]."""
        return (features - self.mean) * self.scale


@dataclass(frozen=True)
class LinearClassifiers:
    """G softmax regressions of the same features, one for each candidate.

    Side by side in one matrix, they share every batch and cost one product forward and one back.

    Attributes:
        weight: [F, G, C].
        bias: [G, C].
        standardisation: Of the rows that were trained on.
    """

    weight: Tensor
    bias: Tensor
    standardisation: Standardisation

    @classmethod
    def train(
        cls,
        examples: Examples,
        rows: Tensor,
        candidates: list[Candidate],
        config: ProbeConfig,
        class_count: int,
        generator: torch.Generator,
    ) -> "LinearClassifiers":
        """SGD with momentum 0.9 from zero weights on `rows`, the rate falling as a cosine, step by step, to zero.

        Weight decay is an L2 penalty on the weights, not on the biases. `generator` draws the order of each epoch.
        """
        features, device = examples.features, examples.features.device
        targets = functional.one_hot(examples.labels, class_count).to(features.dtype)
        rates, decays = torch.tensor(candidates, dtype=features.dtype, device=device).T[:, :, None]
        standardisation = Standardisation.of(features[rows.to(device)])
        weight = features.new_zeros(features.shape[1], len(candidates), class_count)
        bias = features.new_zeros(len(candidates), class_count)
        classifiers = cls(weight, bias, standardisation)
        weight_velocity, bias_velocity = torch.zeros_like(weight), torch.zeros_like(bias)
        steps = config.epochs * math.ceil(len(rows) / config.batch_size)
        step = 0
        for _ in range(config.epochs):
            order = rows[torch.randperm(len(rows), generator=generator)].to(device)
            for batch in torch.split(order, config.batch_size):
                inputs = standardisation(features[batch])
                # The cross-entropy's gradient in closed form: probabilities less targets, [B, G, C].
                error = classifiers.logits(inputs).softmax(dim=2).sub_(targets[batch][:, None]).div_(len(batch))
                gradient = (inputs.T @ error.flatten(1)).view_as(weight).add_(decays * weight)
                rate = rates * (0.5 * (1 + math.cos(math.pi * step / steps)))
                weight -= rate * weight_velocity.mul_(MOMENTUM).add_(gradient)
                bias -= rate * bias_velocity.mul_(MOMENTUM).add_(error.sum(dim=0))
                step += 1
        return classifiers

    def logits(self, inputs: Tensor) -> Tensor:
        """[B, G, C] for standardised features [B, F]."""
        product = torch.addmm(self.bias.flatten(), inputs, self.weight.flatten(1))
        return product.view(len(inputs), *self.bias.shape)

    def top1(self, examples: Examples, rows: Tensor) -> list[float]:
        """Each classifier's accuracy on `rows`, in percent."""
        rows = rows.to(examples.features.device)
        predicted = [
            self.logits(self.standardisation(examples.features[part])).argmax(dim=2)
            for part in torch.split(rows, SCORED_ROWS)
        ]
        return [percent_correct(column, examples.labels[rows]) for column in torch.cat(predicted).T]
