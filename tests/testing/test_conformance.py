"""The kit on the package's own ideas, and on ideas with a fault each.

That is all of `testing/`: `settings`, `losses`, `networks`, `measures`, `augmentations` and `resume`.
"""

import math
from typing import ClassVar, Literal

import numpy as np
import pytest
import torch
from pydantic import Field

from moco_bench.components import Augmentation, Backbone, Built, Dataset, Metric, Negatives, Objective, Terms
from moco_bench.components import negatives as rules
from moco_bench.components.registry import built_in
from moco_bench.testing import check, check_resume

SETTINGS = {
    "threshold": {"similarity": 0.2},
    "mochi": {"hardest": 8, "mixed": 4, "mixed_with_anchor": 4},
    "band": {"inner": 0.1, "outer": 0.5},
    "ring": {"inner": 0.1, "outer": 0.5},
    "drop-hardest": {"count": 3},
    "false-negative-elimination": {"count": 3},
}
STOPS = {"scaled-positive", "dual-temperature"}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in ("negatives", "objective") for name in built_in(kind)]
)
def test_the_packages_own_ideas_conform(kind, name):
    idea = built_in(kind)[name](**SETTINGS.get(name, {}))
    check(idea, stops_gradient=name in STOPS, order_matters=name == "random")


@pytest.mark.parametrize(
    ("kind", "name", "settings"),
    [
        ("backbone", "resnet-compact", {"width": 8}),
        ("backbone", "resnet18-cifar", {}),
        *(("augmentation", name, {}) for name in built_in("augmentation")),
        *(("head", name, {}) for name in built_in("head")),
        *(("metric", name, {}) for name in built_in("metric")),
    ],
)
def test_the_packages_own_networks_and_metrics_conform(kind, name, settings):
    check(built_in(kind)[name](**settings))


def a_backbone(self, channels, image_size, norm_layer):
    return Built(torch.nn.Sequential(torch.nn.Conv2d(channels, 8, 4, 4), *self.parts(norm_layer)), 8)


class GoodBackbone(Backbone):
    """One convolution."""

    name: Literal["good"] = "good"
    build = a_backbone

    def parts(self, norm_layer):
        return norm_layer(8), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()


class GoodMetric(Metric):
    """Mean length."""

    name: Literal["good"] = "good"

    def compute(self, evaluation):
        return float(evaluation.test.features.norm(dim=1).mean())


class GoodDataset(Dataset):
    """Black and white."""

    name: Literal["good"] = "good"

    def load(self, split):
        labels = np.arange(20) % 2
        return np.broadcast_to(255 * labels[:, None, None], (20, 8, 8)).astype(np.uint8), labels


def noisy(self, split):
    images, labels = GoodDataset().load(split)
    return images // 2 + np.random.default_rng().integers(0, 100, images.shape, dtype=np.uint8), labels


@pytest.mark.parametrize(
    ("base", "changes", "said"),
    [
        (GoodBackbone, {"build": lambda *_: Built(torch.nn.Flatten(), 7)}, "gives .3, 3072., not .3, 7."),
        (
            GoodBackbone,
            {"parts": lambda *_: GoodBackbone.parts(None, torch.nn.BatchNorm2d)},
            "with `norm_layer`",
        ),
        (GoodMetric, {"compute": lambda *_: torch.rand(()).item()}, "must give the same number"),
        (GoodMetric, {"compute": lambda *_: math.nan}, "finite number or None"),
        (GoodMetric, {"compute": lambda _, told: told.test.features.zero_().sum().item()}, "as it was"),
        (GoodDataset, {"load": noisy}, "the same images"),
        (GoodDataset, {"sizes": (20, 10)}, "there are .20, 20."),
        (GoodDataset, {"class_count": 3}, "there are 2"),
    ],
)
def test_a_fault_of_any_kind_is_found_and_told(base, changes, said):
    check(base())
    with pytest.raises(AssertionError, match=said):
        check(type("Faulty", (base,), {"__module__": __name__, "__doc__": base.__doc__, **changes})())


def test_a_filter_by_mass_conforms():
    check(rules.Hardest(mass=0.5))


class Good(Negatives):
    """Weighs by similarity."""

    rule: Literal["good"] = "good"
    power: float = Field(1.0, description="How much.")

    def log_weight(self, similarity, temperature):
        return self.power * similarity


def faulty(**changes):
    return type("Faulty", (Good,), {"__module__": __name__, "__doc__": Good.__doc__, **changes})()


def held_weight(self, similarity, temperature):
    return similarity.detach()


def by_slot(self, pairs, temperature):
    return pairs.log_sum(temperature) + pairs.keys[0].sum()


def by_image(self, pairs, temperature):
    return pairs.log_sum(temperature) + pairs.candidates.sample_index


def at_random(self, pairs, temperature):
    return pairs.log_sum(temperature) + torch.rand(())


def by_chunk(self, similarity, temperature):
    return similarity - similarity.mean(dim=1, keepdim=True)


def whole_matrix(self, pairs, temperature):
    return (pairs.anchor @ pairs.keys.T / temperature).logsumexp(dim=1)


def not_finite(self, pairs, temperature):
    return (pairs.log_sum(temperature).exp() - 1e9).log()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"log_weight": held_weight}, "stops_gradient=True"),
        ({"log_sum": by_slot}, "the order of the queue must not matter"),
        ({"log_sum": by_image}, "numbers of images"),
        ({"log_sum": at_random}, "the same step must give the same loss"),
        ({"log_weight": by_chunk}, "chunks must give what the plain way does"),
        ({"log_sum": whole_matrix}, "are held at a long queue"),
        ({"log_sum": not_finite}, "the loss must be finite"),
        ({"__doc__": "no sentence"}, "needs a docstring"),
    ],
)
def test_a_fault_is_found_and_told(changes, said):
    check(Good())
    with pytest.raises(AssertionError, match=said):
        check(faulty(**changes))


def test_a_loss_without_a_gradient_is_found():
    class Constant(Objective):
        """Nothing to learn."""

        name: Literal["constant"] = "constant"

        def terms(self, batch):
            return Terms(0 * batch.query.sum() + batch.query.detach().sum())

    with pytest.raises(AssertionError, match="the gradient is"):
        check(Constant())


class GoodViews(Augmentation):
    """Mirrored at random."""

    name: Literal["good"] = "good"

    def view(self, images, generator):
        mirrored = torch.rand(len(images), generator=generator) < 0.5
        return torch.where(mirrored[:, None, None, None], images.flip(3), images)


class Elsewhere(GoodViews):
    """Draws from torch's own generator."""

    def view(self, images, generator):
        return super().view(images, torch.default_generator)


class Still(GoodViews):
    """Draws nothing."""

    def view(self, images, generator):
        return images.clone()


class Bright(GoodViews):
    """Leaves the range."""

    def view(self, images, generator):
        return super().view(images, generator) / 100


class Painting(GoodViews):
    """Paints on the images."""

    def view(self, images, generator):
        images[:, :, 0] = int(torch.randint(0, 256, (), generator=generator))
        return images


class Peeking(GoodViews):
    """Asks for labels."""

    def view(self, images, generator, labels=None):
        return super().view(images, generator)


class Cropping(GoodViews):
    """Gives smaller images."""

    def view(self, images, generator):
        return super().view(images, generator)[:, :, 4:, 4:]


def test_views_that_hold_what_they_should_conform():
    check(GoodViews())


@pytest.mark.parametrize(
    ("idea", "said"),
    [
        (Elsewhere(), "must draw from `generator`, not from torch"),
        (Still(), "another state of the generator must give other views"),
        (Bright(), "0 to 1 would be right"),
        (Painting(), "writes into the images"),
        (Peeking(), "all that it is given"),
    ],
)
def test_views_with_a_fault_are_found(idea, said):
    with pytest.raises(AssertionError, match=said):
        check(idea)


def test_views_of_another_size_are_refused():
    with pytest.raises(AssertionError, match="one image for each of"):
        check(Cropping())


class Forgetful(Objective):
    """Counts its steps where no checkpoint looks."""

    name: Literal["forgetful"] = "forgetful"
    steps: ClassVar[list[int]] = []

    def terms(self, batch):
        self.steps.append(1)
        return Terms(-batch.positive.mean() * len(self.steps) + batch.query_sum().mean())


class Drifting(GoodViews):
    """Moves on with each batch, wherever the generator stands."""

    batches: ClassVar[list[int]] = []

    def view(self, images, generator):
        self.batches.append(1)
        return super().view(images, generator).roll(len(self.batches), dims=3)


@pytest.mark.parametrize("idea", [Forgetful(), Drifting()])
def test_state_that_no_checkpoint_holds_is_found(idea):
    with pytest.raises(AssertionError, match="a resumed run must end with the bytes of an undisturbed one"):
        check_resume(idea)


def test_kinds_outside_of_a_step_have_nothing_to_resume():
    with pytest.raises(AssertionError, match="takes no part in a training step"):
        check_resume(GoodMetric())
