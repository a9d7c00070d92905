"""kNN and linear probe on features of the size that the compact encoder has: 10,000 training and 2,000 test images."""

import pytest
import torch

from moco_bench.evaluate.knn import knn_predict, percent_correct
from moco_bench.evaluate.probe import linear_probe
from moco_bench.suite.config import ProbeConfig


@pytest.fixture
def features(generator, timed):
    train, test = (10_000, 2_000) if timed else (500, 100)

    def split(count):
        labels = torch.arange(count) % 10
        return torch.randn(count, 128, generator=generator) + 0.1 * labels[:, None], labels

    return *split(train), *split(test)


def test_knn(benchmark, features):
    def run():
        k = 50 if len(features[0]) < 1000 else 200
        return percent_correct(knn_predict(*features[:3], k=k, temperature=0.1, class_count=10), features[3])

    assert benchmark.pedantic(run, rounds=3, warmup_rounds=1) > 10


def test_linear_probe(benchmark, features):
    held = torch.arange(len(features[0])) % 5 == 0

    def run():
        return linear_probe(*features, ProbeConfig(), class_count=10, held=held)

    assert benchmark.pedantic(run, rounds=3, warmup_rounds=1).top1 > 10
