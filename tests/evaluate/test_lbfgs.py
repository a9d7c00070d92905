import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch.nn import functional

from moco_bench.evaluate.lbfgs import minimise
from moco_bench.evaluate.softmax_regression import Coordinates, SoftmaxRegression


def examples(count=90, width=10, seed=1, spread=1.0):
    """Features of very unequal spread and correlated, as an encoder's are."""
    centres = torch.randn(4, width, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (count,), generator=generator)
    scales = torch.logspace(-2, 2, width)
    features = (centres[labels] + spread * torch.randn(count, width, generator=generator)).cumsum(dim=1) * scales
    return features.double(), labels


def regression(features, labels, c):
    coordinates, inputs = Coordinates.of(features)
    return SoftmaxRegression.of(inputs, labels, 4, c=c, spread=coordinates.spread)


def solved(problem, tolerance):
    return minimise(problem, problem.inputs.new_zeros(4, problem.inputs.shape[1]), tolerance)


def objective(weights, problem):
    c = 1 / (len(problem.inputs) * problem.ridge[0])
    loss = functional.cross_entropy(problem.inputs @ weights.T, problem.labels)
    return loss + weights[:, :-1].square().sum() / (2 * c * len(problem.inputs))


@pytest.mark.parametrize("c", [0.02, 1.0])
def test_gradient_and_loss_are_those_of_autograd(c):
    problem = regression(*examples(), c)
    weights = torch.randn(4, 11, generator=torch.Generator().manual_seed(2)).double().requires_grad_()
    expected = objective(weights, problem)
    [gradient] = torch.autograd.grad(expected, weights)
    with torch.no_grad():
        scores = problem.scores(weights)
        loss = problem.cross_entropy(scores) + problem.penalty(weights, weights) / 2
        torch.testing.assert_close(loss, expected.detach())
        torch.testing.assert_close(problem.gradient(scores, weights), gradient)


def test_the_first_hessian_is_that_of_zero_weights():
    problem = regression(*examples(), 0.1)
    step = torch.randn(4, 11, generator=torch.Generator().manual_seed(2)).double()
    step -= step.mean(dim=0)  # what moves all classes alike changes nothing but the penalty
    at_zero, there = (problem.gradient(problem.scores(point), point) for point in (0 * step, 1e-6 * step))
    torch.testing.assert_close((there - at_zero) * problem.flatness / 1e-6, step, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("c", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("spread", [0.3, 1.0, 4.0])
def test_the_minimum_is_scikit_learns(spread, c):
    features, labels = examples(spread=spread)
    problem = regression(features, labels, c)
    weights = solved(problem, 1e-7)
    inputs = StandardScaler().fit_transform(features)
    reference = LogisticRegression(C=c, max_iter=10_000, tol=1e-10, solver="newton-cholesky").fit(inputs, labels)
    expected = torch.from_numpy(reference.predict_proba(inputs))
    torch.testing.assert_close((problem.inputs @ weights.T).softmax(dim=1), expected, rtol=0, atol=2e-3)
    theirs = functional.cross_entropy(torch.from_numpy(reference.decision_function(inputs)), labels)
    theirs += torch.from_numpy(reference.coef_).square().sum() / (2 * c * len(labels))
    assert objective(weights, problem) <= theirs + 1e-8


def test_where_the_search_begins_does_not_matter():
    problem = regression(*examples(), 0.3)
    start = torch.randn(4, 11, generator=torch.Generator().manual_seed(3)).double()
    found, expected = (
        weights - weights.mean(dim=0)  # what moves all classes alike changes nothing: the biases' sum is free
        for weights in (minimise(problem, start, 1e-7), solved(problem, 1e-7))
    )
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-3)


def test_a_solution_is_left_as_it_is():
    problem = regression(*examples(), 0.3)
    found = solved(problem, 1e-3)
    assert minimise(problem, found, 1e-3) is found


def test_separable_classes_under_hardly_any_penalty_come_to_an_end():
    features, labels = examples(spread=0.01)
    problem = regression(features.float(), labels, 1e6)
    weights = solved(problem, 1e-5)
    assert weights.isfinite().all()
    assert ((problem.inputs @ weights.T).argmax(dim=1) == labels).all()


def test_fewer_examples_than_features_lose_nothing_but_empty_axes():
    features, labels = examples(count=20, width=60)
    problem = regression(features, labels, 5.0)
    assert problem.inputs.shape == (20, 21)
    weights = solved(problem, 1e-8)
    inputs = StandardScaler().fit_transform(features)
    reference = LogisticRegression(C=5.0, max_iter=10_000, tol=1e-10).fit(inputs, labels)
    expected = torch.from_numpy(reference.predict_proba(inputs))
    torch.testing.assert_close((problem.inputs @ weights.T).softmax(dim=1), expected, rtol=0, atol=1e-3)


def test_coordinates_keep_distances_of_standardised_features_and_constants_do_not_count():
    features = torch.randn(200, 10, generator=torch.Generator().manual_seed(0)) * 40 + 7
    features = torch.cat([features, torch.full((200, 2), 3.0)], dim=1)
    coordinates, inputs = Coordinates.of(features)
    torch.testing.assert_close(coordinates.inputs(features), inputs)
    assert inputs[:, -1].eq(1).all()
    assert inputs[:, :-1].mean(0).abs().max() < 1e-5
    torch.testing.assert_close(inputs[:, :-1].var(0, correction=0), coordinates.spread, rtol=1e-4, atol=1e-5)
    expected = torch.from_numpy(StandardScaler().fit_transform(features[:, :10].double()))
    torch.testing.assert_close(
        torch.cdist(inputs, inputs), torch.cdist(expected, expected).float(), atol=1e-2, rtol=1e-3
    )
