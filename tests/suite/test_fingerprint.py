import pytest

from moco_bench.suite.runs import expand
from moco_bench.suite.suite import parse_suite


def first(raw, arm="vanilla"):
    return next(run for run in expand(parse_suite(raw, "x")) if run.arm == arm)


def test_equal_requests_have_equal_fingerprints(raw):
    assert first(raw).fingerprint == first(raw).fingerprint
    assert len(first(raw).fingerprint) == 64


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("contrast", "temperature", 0.2),
        ("contrast", "mask_same_sample", False),
        ("train", "precision", "float32"),
        ("train", "threads", 2),
        ("train", "channels_last", False),
        ("train", "augment", {"flip": 0.0}),
        ("encoder", "width", 16),
        ("dataset", "train_limit", 1000),
        ("dataset", "validation", 0.1),
    ],
)
def test_what_shapes_the_weights_changes_both(raw, section, key, value):
    raw["dataset"] = {"name": "digits"}
    before = first(raw)
    raw[section][key] = value
    after = first(raw)

    assert after.fingerprint != before.fingerprint
    assert after.evaluation_fingerprint != before.evaluation_fingerprint


def test_swapped_values_and_flipped_booleans_are_seen(raw):
    """Snakemake compares params as sets of values, so this has to be right here."""
    raw["train"].update(channels_last=True, deterministic=False)
    before = first(raw).fingerprint
    raw["train"].update(channels_last=False, deterministic=True)

    assert first(raw).fingerprint != before


def test_evaluation_settings_change_the_evaluation_alone(raw):
    before = first(raw)
    raw["evaluate"]["knn_k"] = 21
    after = first(raw)

    assert after.fingerprint == before.fingerprint
    assert after.evaluation_fingerprint != before.evaluation_fingerprint


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("train", "device", "cpu"),
        ("train", "checkpoint_seconds", 1),
        ("encoder", "label", "mine"),
        ("dataset", "label", "mine"),
        ("contrast", "key_weight", 0.3),
        ("contrast", "filter_warmup_steps", 3),
        ("contrast", "enqueue", "both-views"),
    ],
)
def test_comfort_and_idle_keys_change_nothing(raw, section, key, value):
    raw["dataset"] = {"name": "digits"}
    before = first(raw).fingerprint
    raw[section][key] = value

    assert first(raw).fingerprint == before


def test_the_default_spelt_out_is_the_default(raw):
    before = first(raw, "filter").fingerprint
    raw["arms"]["filter"]["contrast"]["negatives"] = "hardest"

    assert first(raw, "filter").fingerprint == before


def test_seeds_differ_and_a_repeat_does_not(raw):
    raw["repeat_seeds"] = [0]
    seed0, seed1, repeat = expand(parse_suite(raw, "x"))[:3]

    assert seed0.fingerprint != seed1.fingerprint
    assert seed0.fingerprint == repeat.fingerprint
    assert seed0.id != repeat.id
