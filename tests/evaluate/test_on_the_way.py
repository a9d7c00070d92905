"""Accuracy on the way: of a balanced part of the images, and only where it is asked for."""

import pytest

from moco_bench.data.datasets import load_dataset
from moco_bench.evaluate import on_the_way
from moco_bench.evaluate.on_the_way import knn_on_the_way
from moco_bench.models import build_encoder
from moco_bench.suite.config import DatasetConfig, EncoderConfig, EvaluateConfig


@pytest.fixture
def digits():
    return load_dataset(DatasetConfig(name="digits", train_limit=100, test_limit=40))


def test_nothing_is_measured_that_was_not_asked_for(digits):
    assert knn_on_the_way(digits, EvaluateConfig()) is None


def test_a_part_of_the_images_is_enough_and_has_all_classes(digits, monkeypatch):
    monkeypatch.setattr(on_the_way, "BANK", 30)
    monkeypatch.setattr(on_the_way, "QUERIES", 5)
    embedded, parts = on_the_way.embed, []
    monkeypatch.setattr(
        on_the_way, "embed", lambda encoder, images, **how: parts.append(images) or embedded(encoder, images, **how)
    )
    encoder = build_encoder(
        EncoderConfig(name="resnet-compact", width=8, dimension=8), channels=1, image_size=8, seed=0
    )
    accuracy = knn_on_the_way(digits, EvaluateConfig(every=1, knn_k=50))(encoder)
    assert [len(part) for part in parts] == [30, 10], "at least one of each of the ten classes"
    assert accuracy in range(0, 101, 10)
