import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from moco_bench.data.datasets import load_dataset
from moco_bench.evaluate.features import embed
from moco_bench.evaluate.held_out import held_out
from moco_bench.evaluate.lbfgs import minimise
from moco_bench.evaluate.probe import linear_probe
from moco_bench.models import build_encoder
from moco_bench.suite.config import DatasetConfig, EncoderConfig, ProbeConfig


def problem(count, seed, spread=1.0):
    centres = torch.randn(4, 10, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (count,), generator=generator)
    return centres[labels] + spread * torch.randn(count, 10, generator=generator), labels


def every_fifth(count):
    return torch.arange(count) % 5 == 0


def probe(train, test, config=None, *, held=None):
    held = every_fifth(len(train[1])) if held is None else held
    return linear_probe(*train, *test, config or ProbeConfig(), class_count=4, held=held)


def tuned_logistic_regression(train, labels, test, test_labels, config, held):
    """Test accuracy of scikit-learn's, standardised and converged, C chosen on the same held-out images."""
    scaler = StandardScaler().fit(train.double())
    inputs = scaler.transform(train.double())

    def fitted(c, rows):
        return LogisticRegression(C=c, solver="newton-cholesky", tol=1e-8, max_iter=1000).fit(
            inputs[rows], labels[rows]
        )

    scores = {c: fitted(c, ~held).score(inputs[held], labels[held]) for c in config.c_values}
    best = fitted(max(scores, key=scores.__getitem__), torch.ones_like(held))
    return 100 * best.score(scaler.transform(test.double()), test_labels)


def assert_as_scikit_learn(splits):
    """Over encoders of several widths, heads and seeds, and pixels: within 0.3 points, and within 0.1 on the mean."""
    config = ProbeConfig(c_values=(0.003, 0.03, 0.3))
    differences = []
    for train, labels, test, test_labels, held in splits:
        found = linear_probe(train, labels, test, test_labels, config, class_count=10, held=held)
        expected = tuned_logistic_regression(train, labels, test, test_labels, config, held)
        assert expected > 25
        differences.append(found.top1 - expected)
    assert max(map(abs, differences)) <= 0.3, differences
    assert abs(sum(differences)) / len(differences) <= 0.1, differences


def features_of(dataset, encoders):
    train, test = dataset.train, dataset.evaluation
    held = held_out(train.images, train.labels, 0.2)
    for width, seed in encoders:
        encoder = build_encoder(
            EncoderConfig(name="resnet-compact", width=width, stem="patch2"),
            channels=train.images.shape[1],
            image_size=train.images.shape[-1],
            seed=seed,
        )
        of_train, of_test = (
            embed(encoder, split.images, mean=dataset.mean, std=dataset.std, batch_size=500, device="cpu").backbone
            for split in (train, test)
        )
        yield of_train, train.labels, of_test, test.labels, held


def test_accuracy_is_that_of_tuned_logistic_regression():
    digits = load_dataset(DatasetConfig(name="digits"))
    train, test = digits.train, digits.evaluation
    pixels = [split.images.flatten(1).float() for split in (train, test)]
    held = held_out(train.images, train.labels, 0.2)
    assert_as_scikit_learn(
        [(pixels[0], train.labels, pixels[1], test.labels, held), *features_of(digits, [(8, 0), (16, 1), (16, 2)])]
    )


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(5), marks=pytest.mark.soak)])
def test_accuracy_is_that_of_tuned_logistic_regression_on_twenty_encoders(seeds):
    """On four of the twenty, and on all of them in `make soak`."""
    images = load_dataset(DatasetConfig(name="fashion-mnist-5k"))
    assert_as_scikit_learn(features_of(images, [(width, seed) for width in (8, 10, 12, 16) for seed in seeds]))


def test_the_best_candidate_on_the_held_out_part_is_chosen():
    train, test = problem(400, seed=1), problem(200, seed=2)
    found = probe(train, test, ProbeConfig(c_values=(1e-6, 0.1)))
    assert found.c == 0.1
    held = every_fifth(400)
    scaler = StandardScaler().fit(train[0])
    fitted = LogisticRegression(C=0.1, tol=1e-6).fit(scaler.transform(train[0][~held]), train[1][~held])
    expected = 100 * fitted.score(scaler.transform(train[0][held]), train[1][held])
    assert found.holdout_top1 == pytest.approx(expected)


def test_candidates_are_compared_at_the_minimum():
    """One held-out image decides between candidates: of 32 x 2,000, at most one differs from the exact solution's.

    At a tolerance of 1e-4 four do.
    """
    held, differences = torch.arange(2500) >= 500, 0
    for seed in range(8):
        features, labels = problem(2500, seed=seed, spread=2)
        features = features.cumsum(dim=1)
        inputs = StandardScaler().fit_transform(features.double())
        for c in (0.01, 0.1, 1.0, 10.0):
            found = probe((features, labels), (features, labels), ProbeConfig(c_values=(c,)), held=held)
            fitted = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-10).fit(inputs[~held], labels[~held])
            expected = 100 * fitted.score(inputs[held], labels[held])
            differences += abs(round(20 * (found.holdout_top1 - expected)))
    assert differences <= 1


def test_the_evaluation_split_has_no_say_in_the_choice():
    train, (features, labels) = problem(300, seed=1, spread=2.5), problem(200, seed=2, spread=2.5)
    honest, reversed_ = probe(train, (features, labels)), probe(train, (features, 3 - labels))
    assert honest.top1 != reversed_.top1
    assert (honest.c, honest.holdout_top1) == (reversed_.c, reversed_.holdout_top1)


def test_equal_candidates_are_settled_in_favour_of_the_stronger_penalty():
    train, test = problem(200, seed=1, spread=0.01), problem(100, seed=2, spread=0.01)
    found = probe(train, test, ProbeConfig(c_values=(3.0, 1.0, 10.0)))
    assert (found.holdout_top1, found.c) == (100, 1.0)


def test_equal_arguments_give_equal_bits_whatever_the_global_generators_state():
    train, test = problem(300, seed=1, spread=3), problem(500, seed=2, spread=3)
    torch.manual_seed(0)
    first = probe(train, test)
    torch.manual_seed(1)
    assert probe(train, test) == first


def test_the_order_of_the_images_does_not_matter():
    (features, labels), test = problem(300, seed=1, spread=3), problem(500, seed=2, spread=3)
    expected = probe((features, labels), test)
    for seed in range(3):
        order = torch.randperm(300, generator=torch.Generator().manual_seed(seed))
        found = probe((features[order], labels[order]), test, held=every_fifth(300)[order])
        assert (found.c, found.holdout_top1) == (expected.c, expected.holdout_top1)
        assert found.top1 == pytest.approx(expected.top1, abs=0.2), "one of 500 images at most"


@pytest.mark.parametrize(("factor", "offset"), [(1024, 0), (1e-3, 0), (1, 50), (30, -700)])
def test_the_scale_and_the_origin_of_features_do_not_matter(factor, offset):
    (features, labels), (test, test_labels) = problem(300, seed=1, spread=2), problem(400, seed=2, spread=2)
    found = probe((factor * features + offset, labels), (factor * test + offset, test_labels))
    expected = probe((features, labels), (test, test_labels))
    assert found.c == expected.c
    assert found.top1 == pytest.approx(expected.top1, abs=0.25), "one of 400 images at most"


def test_a_collapsed_encoder_scores_as_one_class():
    features, labels = torch.ones(80, 6), torch.arange(80) % 4
    assert probe((features, labels), (features, labels), held=torch.arange(80) >= 60).top1 == 25


def test_a_class_without_training_images_is_never_predicted_and_no_obstacle():
    (features, labels), test = problem(200, seed=1), problem(100, seed=2)
    seen = labels != 3
    found = probe((features[seen], labels[seen]), test)
    assert 40 < found.top1 <= 100 * (test[1] != 3).float().mean()


def test_leaving_out_hopeless_candidates_changes_no_choice(monkeypatch):
    """Among a path's weakest penalties, and at low precision, candidates are given up: as if all had been solved."""
    digits = load_dataset(DatasetConfig(name="digits"))
    train, test = digits.train, digits.evaluation
    held = held_out(train.images, train.labels, 0.2)
    pixels = [split.images.flatten(1).float() for split in (train, test)]
    noisy = [x + 60 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0)) for x in pixels]
    solved = []
    monkeypatch.setattr("moco_bench.evaluate.probe.minimise", lambda *args: solved.append(1) or minimise(*args))

    def found(splits):
        solved.clear()
        result = linear_probe(splits[0], train.labels, splits[1], test.labels, ProbeConfig(), class_count=10, held=held)
        return result, len(solved)

    few = [found(splits) for splits in (pixels, noisy)]
    monkeypatch.setattr("moco_bench.evaluate.probe.CONTENDS", (1.0, 1.0))
    monkeypatch.setattr("moco_bench.evaluate.probe.CLEARLY", 1e9)
    for (result, count), splits in zip(few, (pixels, noisy), strict=True):
        assert found(splits) == (result, 31)
        assert count < 25
