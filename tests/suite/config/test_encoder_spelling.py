"""The settings of backbone and head stand side by side in a suite, and belong to the one that is named."""

import json

import pytest
import torch

from moco_bench.components.plugins import load_plugins
from moco_bench.errors import InputError
from moco_bench.models import build_encoder
from moco_bench.suite.config import EncoderConfig
from moco_bench.suite.identity.run import identity
from moco_bench.suite.validation import validate

FULL = {"name": "resnet-compact", "width": 16, "stem": "patch2", "head": "mlp", "hidden": 64, "dimension": 32}


def test_settings_reach_their_part_and_come_back_side_by_side():
    encoder = validate(EncoderConfig, FULL, "encoder")
    assert (encoder.backbone.width, encoder.backbone.stem, encoder.projection.hidden) == (16, "patch2", 64)
    assert {key: encoder.model_dump()[key] for key in FULL} == FULL
    assert validate(EncoderConfig, encoder.model_dump(), "encoder") == encoder


def test_the_identity_is_that_of_the_flat_section_that_finished_runs_recorded():
    encoder = validate(EncoderConfig, {"name": "resnet-compact", "head": "mlp-bn", "label": "mine"}, "encoder")
    assert identity(encoder) == {
        "name": "resnet-compact",
        "width": 32,
        "depth": 1,
        "stem": "conv3",
        "head": "mlp-bn",
        "hidden": None,
        "dimension": 128,
        "batch_norm_groups": 1,
    }
    plain = validate(EncoderConfig, {"name": "resnet18-cifar"}, "encoder")
    assert identity(plain) == {"name": "resnet18-cifar", "head": "linear", "dimension": 128, "batch_norm_groups": 1}


@pytest.mark.parametrize(
    ("changes", "kept", "gone"),
    [
        ({"name": "resnet18-cifar"}, {"head": "mlp", "hidden": 64}, "width"),
        ({"head": "linear"}, {"name": "resnet-compact", "width": 16}, "hidden"),
        ({"width": 32}, {"head": "mlp", "hidden": 64, "width": 32}, "model"),
    ],
)
def test_an_arm_with_another_network_leaves_the_settings_of_the_first_behind(changes, kept, gone):
    changed = validate(EncoderConfig, validate(EncoderConfig, FULL, "encoder").with_changes(changes), "arms.x.encoder")
    values = changed.model_dump()
    assert {key: values[key] for key in kept} == kept
    assert gone not in values


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "resnet18-cifar", "width": 8}, "`width` has no effect with `resnet18-cifar`; it belongs to"),
        ({"name": "resnet-compact", "hidden": 4}, "`hidden` has no effect with `linear`; it belongs to mlp and mlp-bn"),
        ({"name": "resnet-compact", "wdth": 9}, "wdth: unknown key; did you mean 'width'?"),
        ({"name": "resnet-compct"}, "name: 'resnet-compct' is none of .*did you mean 'resnet-compact'"),
        ({"name": "resnet-compact", "width": 0}, "width: a number of at least 1 is needed, not 0"),
        ({"name": "resnet-compact", "head": "mpl"}, "head: 'mpl' is none of linear, mlp, mlp-bn; did you mean 'mlp'?"),
        ({"name": "timm"}, "model: missing"),
        ({"width": 8}, "name: missing"),
    ],
)
def test_messages_name_the_key_as_the_suite_spells_it(given, said):
    with pytest.raises(InputError, match="^encoder: " + said.replace("?", r"\?")) as caught:
        validate(EncoderConfig, given, "encoder")
    assert "projection" not in str(caught.value)


def test_the_schema_is_of_the_flat_spelling():
    schema = EncoderConfig.model_json_schema()
    assert set(schema["properties"]) >= {"name", "width", "stem", "model", "head", "hidden", "dimension", "label"}
    assert not {"backbone", "projection"} & set(schema["properties"])
    stems = json.dumps(schema["properties"]["stem"])
    assert all(stem in stems for stem in ("patch2", "small"))


def test_a_backbone_of_a_plug_in_takes_its_settings_and_is_in_the_fingerprint(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from typing import ClassVar, Literal\n"
        "from torch import nn\n"
        "from moco_bench.components.backbones import Backbone, Built\n\n\n"
        "class Pooled(Backbone):\n"
        '    """The mean of patches, and one layer."""\n\n'
        "    name: Literal['pooled'] = 'pooled'\n"
        "    side: int = 4\n"
        "    hidden: int = 7\n\n"
        "    def build(self, channels, image_size, norm_layer):\n"
        "        layer = nn.Linear(channels * self.side**2, self.hidden)\n"
        "        pooled = nn.AdaptiveAvgPool2d(self.side), nn.Flatten()\n"
        "        return Built(nn.Sequential(*pooled, layer), self.hidden)\n"
    )
    plugins = load_plugins([file])
    given = {"name": "pooled", "side": 2, "hidden": 5, "head": "linear", "dimension": 3}
    encoder = validate(EncoderConfig, given, "encoder", plugins)
    assert (encoder.backbone.side, encoder.backbone.hidden) == (2, 5)  # `hidden` is a key of heads as well
    found = identity(encoder)
    assert found["side"] == 2
    assert len(found["backbone_code"]) == 64
    built = build_encoder(encoder, channels=3, image_size=8, seed=0)
    assert built(torch.zeros(2, 3, 8, 8)).shape == (2, 3)
    with pytest.raises(InputError, match="sid: unknown key"):
        validate(EncoderConfig, {"name": "pooled", "sid": 2}, "encoder", plugins)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("encoder", {"name": "resnet18-cifar", "width": 8}, "`width` has no effect with `resnet18-cifar`"),
        ("encoder", {"name": "resnet-compact", "hidden": 8}, "has no effect with `linear`"),
    ],
)  # fmt: skip
def test_settings_of_another_network_are_refused(refusal, path, value, message):
    assert message in refusal(path, value)
