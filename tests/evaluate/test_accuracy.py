"""Accuracies of embeddings: features and projections are told apart, each by a data set's labels."""

import pytest
import torch

from moco_bench.data.datasets import DataSet, Split
from moco_bench.evaluate.accuracy import accuracy_of, knn_of
from moco_bench.evaluate.features import Embeddings
from moco_bench.suite.config import EvaluateConfig, ProbeConfig

CONFIG = EvaluateConfig(knn_k=5, probe=ProbeConfig(c_values=(1.0,)))


def split(count):
    images = torch.randint(0, 256, (count, 1, 8, 8), generator=torch.Generator().manual_seed(count), dtype=torch.uint8)
    return Split(images, torch.arange(count) % 3)


@pytest.fixture
def dataset():
    return DataSet(
        name="toy", classes=("a", "b", "c"), train=split(60), evaluation=split(30), evaluated_on="test",
        mean=(0.5,), std=(0.25,), sha256="0" * 64,
    )  # fmt: skip


def clouds(labels):
    """Three clouds of features, one for each class, that don't touch."""
    return torch.eye(3)[labels] + 0.01 * torch.randn(len(labels), 3, generator=torch.Generator().manual_seed(1))


def test_features_and_projections_have_accuracies_of_their_own(dataset):
    train, test = dataset.train.labels, dataset.evaluation.labels
    wrong = torch.where(torch.arange(30) < 12, (test + 1) % 3, test)
    found = accuracy_of(
        Embeddings(clouds(train), clouds(train)), Embeddings(clouds(test), clouds(wrong)), dataset, CONFIG, device="cpu"
    )
    assert (found["knn_top1"], found["linear_top1"]) == (100, 100)
    assert found["knn_top1_projection"] == pytest.approx(60)
    assert (found["linear_c"], found["images"]["count"]) == (1.0, 30)
    assert found["images"]["class_correct"]["knn_top1_projection"] == [6, 6, 6]


def test_knn_compares_with_the_labelled_images(dataset):
    """Where the images to train on have no labels, the bank is another split."""
    unlabelled = Split(dataset.train.images, torch.full((60,), -1))
    other = DataSet(**{**vars(dataset), "train": unlabelled, "bank": dataset.train})
    bank, queries = clouds(dataset.train.labels), clouds(dataset.evaluation.labels)
    assert [knn_of(bank, queries, each, CONFIG, device="cpu") for each in (dataset, other)] == [100, 100]
