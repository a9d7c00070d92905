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
        ("trian", {}, "trian: unknown key; did you mean 'train'?"),
        ("train.epoch", 3, "train.epoch: unknown key; did you mean 'epochs'?"),
        ("arms.dual.contrast.dual_vew", "none", "arms.dual.contrast: dual_vew: unknown key; did you mean 'dual_view'?"),
        ("arms.dual.contrast.dual_view", "key-in-bach", "did you mean 'key-in-batch'?"),
        ("arms.filter.contrast.negatives", "hardst", "did you mean 'hardest'?"),
        ("dataset", "cifar", "is none of cifar10"),
        ("train.epochs", "many", "train.epochs: a whole number is needed, not 'many'"),
        ("train.epochs", 1.5, "a whole number is needed, not 1.5"),
        ("train.epochs", True, "a whole number is needed, not true"),
        ("train.epochs", 0, "at least 1 is needed, not 0"),
        ("train.learning_rate", float("nan"), "finite"),
        ("contrast.temperature", float("inf"), "finite"),
        ("contrast.queue_size", 100, "100 is not a multiple of the 64 keys that enter in a step; 128 would be"),
        ("encoder.batch_norm_groups", 7, "does not divide into 7 BatchNorm groups"),
        ("encoder.batch_norm_groups", 64, "BatchNorm needs at least 2 images per group"),
        ("arms.filter.contrast.negatives", {"rule": "hardest", "count": 257}, "at most 256"),
        ("arms.filter.contrast.negatives", {"rule": "hardest", "count": 2, "fraction": 0.5}, "not both"),
        ("arms.filter.contrast.negatives", {"rule": "hardest", "fraction": 1.5}, "at most 1 is needed, not 1.5"),
        ("arms.filter.contrast.negatives", {"rule": "band", "inner": 0.5, "outer": 0.5}, "must be below"),
        ("arms.filter.contrast.negatives", {"rule": "threshold", "similarity": 0, "minimum": 999}, "at most"),
        ("arms.filter.contrast.filter_warmup_steps", 44, "the rule would never act"),
        ("train", {"batch_size": 2048}, "is not a multiple of the 2048"),
        ("dataset", {"name": "digits", "train_limit": 50}, "is more than the 50 training images"),
        ("evaluate.knn_k", 1439, "1439 neighbours, but digits has 1438 training images"),
        ("train.warmup_epochs", 2, "leaves nothing of 2 epochs"),
        ("train.stop_after_epochs", 3, "stop_after_epochs: 3 of 2 epochs; at most all"),
        ("train.stop_after_epochs", 0, "at least 1 is needed, not 0"),
        ("dataset", {"name": "digits", "normalise": {"mean": [0.5], "std": [0.2, 0.2]}}, "one value per channel"),
        ("dataset", {"name": "digits", "normalise": {"mean": [0.5], "std": [0.0]}}, "above 0 is needed, not 0.0"),
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
        (
            "arms.drop", {"contrast": {"negatives": {"rule": "drop-hardest", "count": 256}}},
            "drops all 256 keys of the queue and leaves no negative; at most 255",
        ),
        (
            "arms.drop", {"contrast": {"negatives": {"rule": "drop-hardest", "fraction": 0.999}}},
            "drops all 256 keys of the queue",
        ),
        ("dataset", {"name": "fashion-mnist-5k", "train_limit": 99999}, "give 10 to 5000 or leave it out"),
        ("dataset", {"name": "fashion-mnist-5k", "test_limit": 1001}, "give 10 to 1000 or leave it out"),
        (
            "dataset", {"name": "fashion-mnist-5k", "validation": 0.1, "train_limit": 4501},
            "train_limit: 4501 images asked for, but there are 4500",
        ),
        (
            "dataset", {"name": "fashion-mnist-5k", "validation": 0.1, "test_limit": 501},
            "test_limit: 501 images asked for, but there are 500",
        ),
        ("dataset", {"name": "cifar100", "train_limit": 99}, "give 100 to 50000 or leave it out"),
        ("dataset", {"name": "digits", "validation": 1e-9}, "rounds to 0"),
        ("arms.DUAL", {"contrast": {"temperature": 0.5}}, "duplicate name 'DUAL'"),
        ("arms.a/b", {"contrast": {"temperature": 0.5}}, "a name of letters"),
        ("name", "../evil", "name: a name of letters"),
        ("name", "x" * 300, "at most 64"),
        ("baseline", "none", "is not an arm"),
        ("contrasts", {"c": ["dual", "nobody"]}, "'nobody' is not an arm"),
        ("contrasts", {"c": ["dual", "dual"]}, "compares 'dual' with itself"),
        ("seeds", [0, 0], "duplicate seed 0"),
        ("seeds", 0, "between 1 and 10,000"),
        ("seeds", -1, "between 1 and 10,000"),
        ("repeat_seeds", [7], "is not one of the suite's seeds"),
        ("datasets", ["digits"], "not both"),
        ("dataset", {"name": "npz"}, "dataset.path: missing"),
        ("dataset", {"name": "digits", "path": "x"}, "`path` has no effect with `digits`; it belongs to hf,"),
        ("dataset", {"name": "digits", "download": True}, "`download` has no effect with `digits`; it belongs"),
        ("dataset", {"name": "image-folder", "path": "x"}, "needs an `image_size`"),
        ("encoder", {"name": "resnet18-cifar", "width": 8}, "`width` has no effect with `resnet18-cifar`"),
        ("encoder", {"name": "resnet-compact", "hidden": 8}, "has no effect with `linear`"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_in_one_line(raw, tmp_path, path, value, message):
    set_at(raw, path, value)

    with pytest.raises(InputError) as caught:
        load(raw, tmp_path)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "suite.yaml"))


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
