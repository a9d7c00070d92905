"""config/cifar10.yaml's vanilla arm is MoCo's CIFAR-10 demo, constant by constant.

Source: facebookresearch/moco at f7364915, colab/moco_cifar10_demo.ipynb: cells "Set arguments", "Define data loaders",
"Define base encoder", "Define MoCo wrapper", "Define train/test", "Start training".
"""

from pathlib import Path

import pytest

from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand
from moco_bench.train.schedule import learning_rate_at

CONFIG = Path(__file__).parents[2] / "config"
DEMO = {
    # "Set arguments" and its defaults
    "train.epochs": 200,
    "train.learning_rate": 0.06,
    "train.batch_size": 512,
    "train.weight_decay": 5e-4,
    "contrast.momentum": 0.99,
    "contrast.queue_size": 4096,
    "contrast.temperature": 0.1,
    "encoder.dimension": 128,
    "encoder.batch_norm_groups": 8,
    "contrast.dual_view": "none",  # symmetric = False
    "evaluate.knn_k": 200,
    "evaluate.knn_temperature": 0.1,
    # optimiser and schedule: SGD, `cos`, no milestones
    "train.optimiser": "sgd",
    "train.sgd_momentum": 0.9,
    "train.schedule": "cosine-epoch",
    "train.warmup_epochs": 0,
    "train.stop_after_epochs": None,
    # "Define data loaders"
    "train.augment.crop_scale": (0.08, 1.0),
    "train.augment.crop_ratio": (0.75, pytest.approx(4 / 3)),
    "train.augment.flip": 0.5,
    "train.augment.jitter_probability": 0.8,
    "train.augment.brightness": 0.4,
    "train.augment.contrast": 0.4,
    "train.augment.saturation": 0.4,
    "train.augment.hue": 0.1,
    "train.augment.grayscale": 0.2,
    "train.augment.blur": 0.0,
    "train.augment.solarize": 0.0,
    "dataset.normalise.mean": (0.4914, 0.4822, 0.4465),
    "dataset.normalise.std": (0.2023, 0.1994, 0.2010),
    "dataset.validation": 0.0,
    "dataset.train_limit": None,
    "dataset.test_limit": None,
    # "Define base encoder": ResNet-18 with a 3x3 first layer and no pooling, its last layer the projection
    "encoder.name": "resnet18-cifar",
    "encoder.head": "linear",
    # "Define MoCo wrapper": nothing is masked, nothing selected, all is float32
    "contrast.mask_same_sample": False,
    "contrast.negatives.rule": "all",
    "train.precision": "float32",
}


@pytest.fixture(scope="module")
def vanilla():
    return next(run for run in expand(load_suite(CONFIG / "cifar10.yaml")) if run.arm == "vanilla")


@pytest.mark.parametrize("key", DEMO)
def test_each_constant_is_the_demos(vanilla, key):
    value = vanilla
    for name in key.split("."):
        value = getattr(value, name)
    assert value == DEMO[key]


def test_rates_are_those_of_the_demos_training_log(vanilla):
    def rate(epoch):  # as the demo counts, from 1
        return learning_rate_at(97 * (epoch - 1), steps_per_epoch=97, config=vanilla.train)

    assert [round(rate(epoch), 6) for epoch in (1, 100, 199, 200)] == [0.059996, 0.03, 0.000004, 0.0]


def test_what_is_compared_is_what_the_demo_reports():
    assert load_suite(CONFIG / "cifar10.yaml").analysis.primary == "knn_top1_projection"


def test_cifar100_has_the_same_recipe(vanilla):
    other = next(run for run in expand(load_suite(CONFIG / "cifar100.yaml")) if run.arm == "vanilla")
    assert (other.encoder, other.contrast, other.train) == (vanilla.encoder, vanilla.contrast, vanilla.train)
    assert other.dataset.normalise == vanilla.dataset.normalise
