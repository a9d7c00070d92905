import pytest
import yaml

from moco_bench.errors import InputError
from moco_bench.suite.load import load_suite


def set_at(raw, path, value):
    *parents, last = path.split(".")
    for key in parents:
        raw = raw.setdefault(key, {})
    raw[last] = value


def load(raw, tmp_path):
    path = tmp_path / "suite.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False))
    return load_suite(path)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("arms.filter.contrast.negatives", {"rule": "hardest", "count": 2, "fraction": 0.5}, "not both"),
        ("arms.filter.contrast.negatives", {"rule": "band", "inner": 0.5, "outer": 0.5}, "must be below"),
        ("evaluate.knn_k", 1439, "1439 neighbours, but digits has 1438 training images"),
        ("train.augment", {"crop_scale": [0.9, 0.1]}, "is above"),
        ("arms.empty", None, "arms.empty: changes nothing"),
        ("arms.idle", {"contrast": {"key_weight": 0.3}}, "arms.idle: changes nothing"),
        ("arms.twin", {"contrast": {"dual_view": "key-in-batch"}}, "the same run as arm 'dual'"),
        ("arms.idle", {"contrast": {"dual_view": "key-anchored", "key_weight": 0.0}}, "arms.idle: changes nothing"),
        ("arms.idle", {"contrast": {"negatives": {"rule": "hardest", "fraction": 1.0}}}, "arms.idle: changes nothing"),
        ("arms.idle", {"contrast": {"negatives": {"rule": "hardest", "count": 256}}}, "arms.idle: changes nothing"),
        ("arms.idle", {"contrast": {"negatives": {"rule": "random", "fraction": 0.999}}}, "arms.idle: changes nothing"),
        ("arms.idle", {"contrast": {"negatives": {"rule": "easiest", "count": 256}}}, "arms.idle: changes nothing"),
        (
            "arms.idle", {"contrast": {"negatives": {"rule": "band", "inner": 0.0, "outer": 1.0}}},
            "arms.idle: changes nothing",
        ),
        (
            "arms.idle", {"contrast": {"negatives": {"rule": "threshold", "similarity": -1.0}}},
            "arms.idle: changes nothing",
        ),
        ("arms.twin", {"contrast": {"negatives": {"rule": "hardest", "count": 64}}}, "the same run as arm 'filter'"),
        (
            "arms.twin", {"contrast": {"negatives": {"rule": "band", "inner": 0.0, "outer": 0.25}}},
            "the same run as arm 'filter'",
        ),
        (
            "arms.twin", {"contrast": {"negatives": {"rule": "threshold", "similarity": 1.0, "minimum": 64}}},
            "the same run as arm 'filter'",
        ),
        ("arms.DUAL", {"contrast": {"temperature": 0.5}}, "duplicate name 'DUAL'"),
        ("baseline", "none", "is not an arm"),
        ("contrasts", {"c": ["dual", "nobody"]}, "'nobody' is not an arm"),
        ("contrasts", {"c": ["dual", "dual"]}, "compares 'dual' with itself"),
        ("seeds", [0, 0], "duplicate seed 0"),
        ("repeat_seeds", [7], "is not one of the suite's seeds"),
    ],
)  # fmt: skip
def test_what_is_wrong_between_sections_is_refused(refusal, path, value, message):
    assert message in refusal(path, value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("arms.wide", {"encoder": {"width": 16}}, "arms.wide: changes nothing with encoder b"),
        ("arms.narrow", {"encoder": {"width": 8}}, "arms.narrow: changes nothing with encoder a"),
        ("encoders.1.width", 8, "encoders.b: identical to encoder a under arm vanilla"),
        ("arms.wide", {"encoder": {"width": 32}}, "encoders.b: identical to encoder a under arm wide"),
    ],
)  # fmt: skip
def test_arms_are_held_against_every_encoder(raw, tmp_path, path, value, message):
    del raw["encoder"]
    raw["encoders"] = [
        {"name": "resnet-compact", "label": "a", "width": 8},
        {"name": "resnet-compact", "label": "b", "width": 16},
    ]
    load(raw, tmp_path)
    if path.startswith("encoders."):
        raw["encoders"][1]["width"] = value
    else:
        set_at(raw, path, value)

    with pytest.raises(InputError) as caught:
        load(raw, tmp_path)

    assert message in str(caught.value)


def test_an_arm_of_one_encoder_is_not_another_arm_of_the_next(raw, tmp_path):
    del raw["encoder"]
    raw["encoders"] = [{"name": "resnet-compact", "label": str(width), "width": width} for width in (8, 16)]
    raw["arms"] = {"vanilla": None, "all-8": {"encoder": {"width": 8}}}

    with pytest.raises(InputError, match=r"arms\.all-8: changes nothing with encoder 8"):
        load(raw, tmp_path)

    raw["arms"] = {"vanilla": {"encoder": {"width": 24}}, "small": {"encoder": {"width": 32}}}
    with pytest.raises(InputError, match=r"encoders\.16: identical to encoder 8 under arm vanilla"):
        load(raw, tmp_path)


def test_a_jitter_that_never_happens_has_no_strength(raw, tmp_path):
    raw["train"]["augment"] = {"jitter_probability": 0.0}
    raw["arms"]["idle"] = {"train": {"augment": {"hue": 0.2}}}

    with pytest.raises(InputError, match=r"arms\.idle: changes nothing"):
        load(raw, tmp_path)
