import math

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.evaluate import linear_probe
from moco_bench.evaluate.probe import Examples, LinearClassifiers, Standardisation, stratified_split
from moco_bench.suite.config import DatasetConfig, ProbeConfig


def problem(count: int, seed: int, spread: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    centres = torch.randn(4, 10, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (count,), generator=generator)
    return centres[labels] + spread * torch.randn(count, 10, generator=generator), labels


def test_accuracy_on_real_images_is_that_of_logistic_regression():
    digits = load_dataset(DatasetConfig(name="digits"))
    train, test = (split.images.flatten(1).float() for split in (digits.train, digits.evaluation))
    labels, test_labels = digits.train.labels, digits.evaluation.labels
    found = linear_probe(
        train, labels, test, test_labels, ProbeConfig(epochs=30, batch_size=64), class_count=10, seed=0
    )
    scaling = Standardisation.of(train)
    reference = LogisticRegression(max_iter=2000).fit(scaling(train).numpy() * 8, labels.numpy())
    expected = 100 * reference.score(scaling(test).numpy() * 8, test_labels.numpy())
    assert expected > 90
    assert found.top1 == pytest.approx(expected, abs=1)
    assert found.holdout_top1 > 90


def test_training_equals_pytorchs_layer_loss_and_optimiser():
    features, labels = problem(70, seed=1)
    rows, (rate, decay), config = torch.arange(5, 65), (0.7, 0.01), ProbeConfig(epochs=3, batch_size=16)
    found = LinearClassifiers.train(
        Examples(features.double(), labels), rows, [(rate, decay)], config, 4, torch.Generator().manual_seed(3)
    )

    inputs = features[rows].double()
    inputs = (inputs - inputs.mean(0)) / inputs.std(0, correction=0) / math.sqrt(10)
    layer = nn.Linear(10, 4).double()
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    groups = [{"params": [layer.weight], "weight_decay": decay}, {"params": [layer.bias], "weight_decay": 0.0}]
    optimiser = torch.optim.SGD(groups, lr=rate, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=3 * 4)
    generator = torch.Generator().manual_seed(3)
    for _ in range(3):
        for batch in torch.randperm(60, generator=generator).split(16):
            optimiser.zero_grad()
            nn.functional.cross_entropy(layer(inputs[batch]), labels[rows][batch]).backward()
            optimiser.step()
            schedule.step()
    torch.testing.assert_close(found.weight[:, 0].T, layer.weight.detach())
    torch.testing.assert_close(found.bias[0], layer.bias.detach())


def test_candidates_side_by_side_are_trained_as_if_alone():
    examples, candidates = Examples(*problem(90, seed=1)), [(0.1, 0.0), (1.0, 0.01), (3.0, 0.1)]
    config, rows = ProbeConfig(epochs=4, batch_size=20), torch.arange(90)

    def train(chosen):
        return LinearClassifiers.train(examples, rows, chosen, config, 4, torch.Generator().manual_seed(0))

    together = train(candidates)
    for index, candidate in enumerate(candidates):
        torch.testing.assert_close(together.weight[:, index], train([candidate]).weight[:, 0], rtol=1e-4, atol=1e-6)


def test_the_best_candidate_on_the_held_out_part_is_chosen():
    train, test = problem(400, seed=1), problem(200, seed=2)
    config = ProbeConfig(epochs=5, learning_rates=(1e-6, 2.0), weight_decays=(10.0, 0.0))
    found = linear_probe(*train, *test, config, class_count=4, seed=0)
    assert (found.learning_rate, found.weight_decay) == (2.0, 0.0)
    assert found.holdout_top1 > 70


def test_the_evaluation_split_has_no_say_in_the_choice():
    train, (features, labels) = problem(300, seed=1, spread=2.5), problem(200, seed=2, spread=2.5)
    config = ProbeConfig(epochs=5)
    honest = linear_probe(*train, features, labels, config, class_count=4, seed=0)
    reversed_ = linear_probe(*train, features, 3 - labels, config, class_count=4, seed=0)
    assert honest.top1 != reversed_.top1
    assert (honest.learning_rate, honest.weight_decay, honest.holdout_top1) == (
        reversed_.learning_rate,
        reversed_.weight_decay,
        reversed_.holdout_top1,
    )


def test_equal_candidates_are_settled_by_their_order():
    train, test = problem(200, seed=1, spread=0.01), problem(100, seed=2, spread=0.01)
    config = ProbeConfig(epochs=5, learning_rates=(1.0, 0.5), weight_decays=(1e-5, 0.0))
    found = linear_probe(*train, *test, config, class_count=4, seed=0)
    assert (found.holdout_top1, found.learning_rate, found.weight_decay) == (100, 1.0, 1e-5)


def test_the_seed_alone_decides_every_bit():
    train, test = problem(300, seed=1, spread=3), problem(500, seed=2, spread=3)
    config = ProbeConfig(epochs=3)
    torch.manual_seed(0)
    first = linear_probe(*train, *test, config, class_count=4, seed=5)
    torch.manual_seed(1)
    assert linear_probe(*train, *test, config, class_count=4, seed=5) == first
    assert linear_probe(*train, *test, config, class_count=4, seed=6) != first


def test_the_scale_of_features_does_not_matter():
    (features, labels), (test, test_labels) = problem(300, seed=1, spread=2), problem(400, seed=2, spread=2)
    config = ProbeConfig(epochs=5)
    expected = linear_probe(features, labels, test, test_labels, config, class_count=4, seed=0)
    found = linear_probe(1024 * features, labels, 1024 * test, test_labels, config, class_count=4, seed=0)
    assert found == expected


def test_standardised_rows_have_a_mean_squared_norm_of_one_and_constants_vanish():
    features, _ = problem(200, seed=1)
    features = torch.cat([features * 40 + 7, torch.full((200, 2), 3.0)], dim=1)
    standardised = Standardisation.of(features)(features)
    assert standardised.mean(0).abs().max() < 1e-5
    assert standardised[:, 10:].eq(0).all()
    assert standardised.square().sum(1).mean().item() == pytest.approx(10 / 12, rel=1e-4)


def test_a_collapsed_encoder_scores_as_one_class():
    features, labels = torch.ones(80, 6), torch.arange(80) % 4
    found = linear_probe(features, labels, features, labels, ProbeConfig(epochs=2), class_count=4, seed=0)
    assert found.top1 == 25


def test_the_held_out_part_is_stratified_random_and_complete():
    labels = torch.tensor([0] * 50 + [1] * 10 + [2] * 2 + [3])
    fit, held = stratified_split(labels, 0.2, torch.Generator().manual_seed(0))
    assert torch.cat([fit, held]).sort().values.tolist() == list(range(63))
    assert labels[held].bincount(minlength=4).tolist() == [10, 2, 1, 0]
    other = stratified_split(labels, 0.2, torch.Generator().manual_seed(1))[1]
    assert held.tolist() != other.tolist()


def test_nothing_to_hold_out_is_refused():
    with pytest.raises(InputError, match="no class has two training images"):
        stratified_split(torch.arange(4), 0.2, torch.Generator())
