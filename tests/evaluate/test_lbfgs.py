import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional

from moco_bench.evaluate.lbfgs import minimise
from moco_bench.evaluate.softmax_regression import SoftmaxRegressions, Standardisation


def examples(count=90, width=10, seed=1, spread=1.0):
    centres = torch.randn(4, width, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (count,), generator=generator)
    scales = torch.logspace(-2, 2, width)  # of very unequal spread and correlated, as features are
    features = (centres[labels] + spread * torch.randn(count, width, generator=generator)).cumsum(dim=1) * scales
    return Standardisation.of(features)(features), labels


def objective(weights, inputs, labels, penalty):
    loss = functional.cross_entropy(inputs @ weights.T, labels)
    return loss + penalty / 2 * weights[:, :-1].square().sum()


def test_gradient_and_loss_are_those_of_autograd():
    inputs, labels = examples()
    inputs, penalties = inputs.double(), torch.tensor([0.5, 0.01])
    problem = SoftmaxRegressions.of(inputs, labels, penalties, 4)
    weights = torch.randn(2, 4, 11, generator=torch.Generator().manual_seed(2)).double().requires_grad_()
    expected = torch.stack([objective(each, inputs, labels, p) for each, p in zip(weights, penalties, strict=True)])
    [gradient] = torch.autograd.grad(expected.sum(), weights)
    with torch.no_grad():
        scores = problem.scores(weights)
        losses = problem.cross_entropy(scores, scores, torch.zeros(2)) + problem.penalty(weights, weights) / 2
        torch.testing.assert_close(losses, expected.detach(), rtol=1e-6, atol=0)
        torch.testing.assert_close(problem.gradient(scores, weights), gradient, rtol=1e-6, atol=1e-8)


def test_the_preconditioner_is_the_inverse_hessian_at_zero():
    inputs, labels = examples()
    problem = SoftmaxRegressions.of(inputs.double(), labels, torch.tensor([0.1]), 4)
    step = torch.randn(1, 4, 11, generator=torch.Generator().manual_seed(2)).double()
    step -= step.mean(dim=1, keepdim=True)  # what moves all classes alike changes nothing but the penalty
    at_zero, there = (problem.gradient(problem.scores(point), point) for point in (0 * step, 1e-5 * step))
    torch.testing.assert_close(problem.precondition(there - at_zero) / 1e-5, step, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("spread", [0.3, 1.0, 4.0])
def test_the_minimum_is_scikit_learns(spread):
    inputs, labels = examples(spread=spread)
    c_values = (0.01, 1.0, 100.0)
    problem = SoftmaxRegressions.of(inputs.double(), labels, 1 / (90 * torch.tensor(c_values)), 4)
    found = minimise(problem, 1e-7)
    for weights, c in zip(found, c_values, strict=True):
        reference = LogisticRegression(C=c, max_iter=10_000, tol=1e-8).fit(inputs[:, :-1], labels)
        expected = torch.from_numpy(reference.predict_proba(inputs[:, :-1]))
        torch.testing.assert_close((inputs.double() @ weights.T).softmax(dim=1), expected, rtol=0, atol=2e-3)
        theirs = torch.cat([torch.tensor(reference.coef_), torch.tensor(reference.intercept_)[:, None]], dim=1)
        ours, known = (objective(each, inputs.double(), labels, 1 / (90 * c)) for each in (weights, theirs))
        assert ours <= known + 1e-8


def test_problems_side_by_side_are_solved_as_if_alone():
    inputs, labels = examples()
    penalties = torch.tensor([1.0, 0.01, 1e-3])
    together = minimise(SoftmaxRegressions.of(inputs, labels, penalties, 4), 1e-6)
    for index in range(3):
        [alone] = minimise(SoftmaxRegressions.of(inputs, labels, penalties[index : index + 1], 4), 1e-6)
        torch.testing.assert_close(together[index], alone, rtol=1e-2, atol=1e-3)


def test_separable_classes_under_hardly_any_penalty_come_to_an_end():
    inputs, labels = examples(spread=0.01)
    [weights] = minimise(SoftmaxRegressions.of(inputs, labels, torch.tensor([1e-8]), 4), 1e-5)
    assert weights.isfinite().all()
    assert ((inputs @ weights.T).argmax(dim=1) == labels).all()


def test_more_features_than_examples():
    inputs, labels = examples(count=20, width=60)
    [weights] = minimise(SoftmaxRegressions.of(inputs, labels, torch.tensor([0.01]), 4), 1e-5)
    gradient = torch.autograd.functional.jacobian(lambda w: objective(w, inputs, labels, 0.01), weights)
    assert gradient.abs().max() < 2e-5


def test_standardised_features_have_variance_one_and_constants_vanish():
    features = torch.randn(200, 10, generator=torch.Generator().manual_seed(0)) * 40 + 7
    inputs = Standardisation.of(features := torch.cat([features, torch.full((200, 2), 3.0)], dim=1))(features)
    assert inputs[:, :12].mean(0).abs().max() < 1e-5
    torch.testing.assert_close(inputs[:, :10].var(0, correction=0), torch.ones(10))
    assert inputs[:, 10:12].eq(0).all()
    assert inputs[:, 12].eq(1).all()
