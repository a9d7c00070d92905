"""Weights under the names that others give them; whole files: tests/models/test_checkpoint.py."""

import pytest
import torch

from moco_bench.models.key_names import find_weights

OWN = ["conv1.weight", "bn1.weight", "bn1.num_batches_tracked", "layer1.0.conv1.weight", "layer4.1.downsample.0.weight"]
HEAD = {"weight": torch.zeros(3, 2), "bias": torch.zeros(3)}
BY_PLACE = {"conv1": "0", "bn1": "1", "layer1": "4", "layer4": "7"}


def as_numbered(name):
    first, _, rest = name.partition(".")
    return f"{BY_PLACE[first]}.{rest}"


def weights(rename, head="fc."):
    own = {rename(name): torch.full((1,), float(index)) for index, name in enumerate(OWN)}
    return own | {f"{head}{name}": value for name, value in HEAD.items()}


@pytest.mark.parametrize(
    ("rename", "head", "prefix"),
    [
        (lambda name: name, "fc.", ""),
        (lambda name: f"module.encoder_q.{name}", "module.encoder_q.fc.", "module.encoder_q."),
        (lambda name: f"encoder_q.net.{as_numbered(name)}", "encoder_q.net.9.", "encoder_q.net."),
        (lambda name: f"backbone.{as_numbered(name)}".replace("downsample", "shortcut"), "head.", "backbone."),
        (lambda name: f"model.backbone.{name}", "model.projection_head.", "model.backbone."),
    ],
)
def test_every_weight_is_found_under_its_name_here(rename, head, prefix):
    found = find_weights(weights(rename, head), OWN, HEAD)

    assert found.prefix == prefix
    assert [float(found.backbone[name]) for name in OWN] == [0, 1, 2, 3, 4]
    assert found.head is not None
    assert found.head.keys() == HEAD.keys()


def test_counts_of_batches_may_be_missing_and_heads_may_be_others():
    given = weights(lambda name: name)
    del given["bn1.num_batches_tracked"]
    given["fc.weight"] = torch.zeros(10, 2)

    found = find_weights(given, OWN, HEAD)

    assert len(found.backbone) == len(OWN) - 1
    assert found.head is None


def test_what_is_missing_is_said():
    given = weights(lambda name: f"module.encoder_q.{name}")
    del given["module.encoder_q.layer1.0.conv1.weight"]

    assert find_weights(given, OWN, HEAD) == (
        "1 of the network's 4 weights are missing, the first is module.encoder_q.layer1.0.conv1.weight"
    )
    assert "it has a, b" in find_weights(dict.fromkeys("ab", torch.zeros(1)), OWN, HEAD)
    assert "it has nothing" in find_weights({}, OWN, HEAD)
