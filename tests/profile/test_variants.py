"""A run with one quantity changed."""

from types import SimpleNamespace

import pytest
import torch

from moco_bench.profile.variants import stores_similarities, variant
from moco_bench.suite.config import EncoderConfig


@pytest.mark.parametrize(
    ("quantity", "value", "section", "key"),
    [
        ("batch_size", 32, "train", "batch_size"),
        ("queue_size", 128, "contrast", "queue_size"),
        ("dimension", 8, "encoder", "dimension"),
        ("width", 16, "encoder", "width"),
    ],
)
def test_a_variant_changes_one_thing(make_runs, quantity, value, section, key):
    run = make_runs("vanilla")["vanilla"]
    varied = variant(run, quantity, value)
    assert getattr(varied, section).model_dump()[key] == value
    same = {"dataset", "encoder", "contrast", "train", "evaluate"} - {section}
    assert all(getattr(varied, name) == getattr(run, name) for name in same)


def test_variants_that_an_arm_does_not_have(make_runs):
    runs = make_runs("vanilla", "filter")
    assert variant(runs["vanilla"], "fraction", 0.1) is None
    assert variant(runs["filter"], "fraction", 0.1).contrast.negatives.fraction == 0.1
    resnet = EncoderConfig(name="resnet18-cifar")
    assert variant(variant(runs["vanilla"], "encoder", resnet), "width", 16) is None


def test_a_batch_beyond_the_queue_takes_the_queue_along(make_runs):
    assert variant(make_runs("vanilla")["vanilla"], "batch_size", 100).contrast.queue_size == 100
    both_views = make_runs("vanilla", "symmetric", contrast={"enqueue": "both-views"})["symmetric"]
    assert variant(both_views, "batch_size", 100).contrast.queue_size == 200


def test_where_similarities_are_no_longer_stored(make_runs, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=2**30))
    for arm, below in (("vanilla", False), ("filter", True)):
        run = make_runs("vanilla", "filter", train={"batch_size": 128})[arm]
        for device, most in ((torch.device("cpu"), 2**22), (torch.device("cuda", 0), 2**24)):
            assert stores_similarities(variant(run, "queue_size", most // 128), device) is below
            assert not stores_similarities(variant(run, "queue_size", most // 128 + 1), device)
