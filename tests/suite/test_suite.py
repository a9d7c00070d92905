import pytest
import yaml

from moco_bench.errors import InputError
from moco_bench.suite.runs import expand, find_run
from moco_bench.suite.suite import load_suite, parse_suite


def set_at(raw, path, value):
    *parents, last = path.split(".")
    for key in parents:
        raw = raw.setdefault(key, {})
    raw[last] = value


def load(raw, tmp_path):
    path = tmp_path / "suite.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False))
    return load_suite(path)


def test_arms_times_seeds_in_order(raw, tmp_path):
    raw["repeat_seeds"] = [1]

    runs = expand(load(raw, tmp_path))

    assert [run.id for run in runs[:4]] == [
        "digits/resnet-compact/vanilla/seed0",
        "digits/resnet-compact/vanilla/seed1",
        "digits/resnet-compact/vanilla/seed1-rep2",
        "digits/resnet-compact/dual/seed0",
    ]
    assert len(runs) == 9


def test_an_arm_changes_what_it_names_and_nothing_else(raw, tmp_path):
    suite = load(raw, tmp_path)
    vanilla, dual = (
        find_run(suite, "digits/resnet-compact/vanilla/seed0"),
        find_run(suite, "digits/resnet-compact/dual/seed0"),
    )

    assert dual.contrast.dual_view == "key-in-batch"
    assert dual.contrast.model_copy(update={"dual_view": "none"}) == vanilla.contrast
    assert (dual.train, dual.encoder, dual.evaluate) == (vanilla.train, vanilla.encoder, vanilla.evaluate)


def test_a_rule_replaces_the_one_before_it_whole(raw, tmp_path):
    raw["contrast"]["negatives"] = {"rule": "band", "inner": 0.1, "outer": 0.2}

    run = find_run(load(raw, tmp_path), "digits/resnet-compact/filter/seed0")

    assert run.contrast.negatives.model_dump() == {"rule": "hardest", "fraction": 0.25, "count": None}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("trian", {}, "trian: unknown key; did you mean 'train'?"),
        ("train.epoch", 3, "train.epoch: unknown key; did you mean 'epochs'?"),
        ("arms.dual.contrast.dual_vew", "none", "arms.dual.contrast: dual_vew: unknown key; did you mean 'dual_view'?"),
        ("arms.dual.contrast.dual_view", "key-in-bach", "did you mean 'key-in-batch'?"),
        ("arms.filter.contrast.negatives", "hardst", "did you mean 'hardest'?"),
        ("dataset", "cifar", "is none of fashion-mnist-5k"),
        ("train.epochs", "many", "train.epochs: input should be a valid integer, not 'many'"),
        ("train.epochs", 1.5, "integer"),
        ("train.epochs", True, "integer"),
        ("train.epochs", 0, "greater than or equal to 1"),
        ("train.learning_rate", float("nan"), "finite"),
        ("contrast.temperature", float("inf"), "finite"),
        ("contrast.queue_size", 100, "100 is not a multiple of the 64 keys that enter in a step; 128 would be"),
        ("encoder.batch_norm_groups", 7, "does not divide into 7 BatchNorm groups"),
        ("encoder.batch_norm_groups", 64, "fewer than 2 images a group"),
        ("arms.filter.contrast.negatives", {"rule": "hardest", "count": 257}, "at most that many"),
        ("arms.filter.contrast.negatives", {"rule": "hardest", "count": 2, "fraction": 0.5}, "not both"),
        ("arms.filter.contrast.negatives", {"rule": "hardest", "fraction": 1.5}, "less than or equal to 1"),
        ("arms.filter.contrast.negatives", {"rule": "band", "inner": 0.5, "outer": 0.5}, "must be below"),
        ("arms.filter.contrast.negatives", {"rule": "threshold", "similarity": 0, "minimum": 999}, "at most"),
        ("arms.filter.contrast.filter_warmup_steps", 44, "the rule would never act"),
        ("train", {"batch_size": 2048}, "is not a multiple of the 2048"),
        ("dataset", {"name": "digits", "train_limit": 50}, "is more than the 50 training images"),
        ("evaluate.knn_k", 1439, "1439 neighbours, but digits has 1438 training images"),
        ("train.warmup_epochs", 2, "leaves nothing of 2 epochs"),
        ("train.augment", {"crop_scale": [0.9, 0.1]}, "is above"),
        ("arms.empty", None, "arms.empty: changes nothing"),
        ("arms.idle", {"contrast": {"key_weight": 0.3}}, "arms.idle: changes nothing"),
        ("arms.twin", {"contrast": {"dual_view": "key-in-batch"}}, "the same run as arm 'dual'"),
        ("arms.DUAL", {"contrast": {"temperature": 0.5}}, "stands twice"),
        ("arms.a/b", {"contrast": {"temperature": 0.5}}, "string should match pattern"),
        ("name", "../evil", "name: string should match pattern"),
        ("name", "x" * 300, "pattern"),
        ("baseline", "none", "is not an arm"),
        ("contrasts", {"c": ["dual", "nobody"]}, "'nobody' is not an arm"),
        ("contrasts", {"c": ["dual", "dual"]}, "compares 'dual' with itself"),
        ("seeds", [0, 0], "each seed may stand once"),
        ("seeds", 0, "between 1 and 10,000"),
        ("seeds", -1, "between 1 and 10,000"),
        ("repeat_seeds", [7], "is not one of the suite's seeds"),
        ("datasets", ["digits"], "not both"),
        ("dataset", {"name": "npz"}, "needs a `path`"),
        ("dataset", {"name": "digits", "path": "x"}, "`path` belongs to"),
        ("dataset", {"name": "digits", "download": True}, "belong to cifar10"),
        ("dataset", {"name": "image-folder", "path": "x"}, "needs an `image_size`"),
        ("encoder", {"name": "resnet18-cifar", "width": 8}, "`width` has no effect here"),
        ("encoder", {"name": "resnet-compact", "hidden": 8}, "has no effect with a linear head"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_in_one_line(raw, tmp_path, path, value, message):
    set_at(raw, path, value)

    with pytest.raises(InputError) as caught:
        load(raw, tmp_path)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "suite.yaml"))


@pytest.mark.parametrize("raw_value", [None, [], "text", 3, True])
def test_a_suite_is_a_mapping(raw_value):
    with pytest.raises(InputError, match="a suite is a mapping"):
        parse_suite(raw_value, "x")


def test_find_run_names_one_that_exists(raw, tmp_path):
    with pytest.raises(InputError, match="no run 'digits/x'; its first is"):
        find_run(load(raw, tmp_path), "digits/x")
