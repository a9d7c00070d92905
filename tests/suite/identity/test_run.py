import pytest

from moco_bench.components import negatives as components
from moco_bench.files import sha256_of
from moco_bench.suite import config
from moco_bench.suite.identity.run import identity
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand


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


def test_a_field_that_is_added_with_its_default_changes_no_fingerprint():
    class Hardest(components.Hardest):
        __module__ = components.Hardest.__module__  # as if it were the class itself
        sharpness: float = 1.0

    class TrainConfig(config.TrainConfig):
        __module__ = config.TrainConfig.__module__
        averaging: bool = False

    assert identity(Hardest(fraction=0.1)) == identity(components.Hardest(fraction=0.1))
    assert identity(Hardest(fraction=0.1, sharpness=2.0)) != identity(Hardest(fraction=0.1))
    assert identity(TrainConfig()) == identity(config.TrainConfig())
    assert identity(TrainConfig(averaging=True)) != identity(TrainConfig())


def test_a_loss_has_one_fingerprint_however_it_is_spelt(raw):
    before = first(raw, "dual").fingerprint
    raw["arms"]["dual"]["contrast"] = {"objective": {"name": "key-in-batch", "key_weight": 0.5}}
    assert first(raw, "dual").fingerprint == before
    raw["arms"]["dual"]["contrast"] = {"objective": "key-in-batch"}
    assert first(raw, "dual").fingerprint == before


@pytest.mark.parametrize(
    ("contrast", "digest"),
    [
        ({}, "600b1d323d433365"),
        ({"dual_view": "key-in-batch"}, "a4ce17f5900c596e"),
        ({"negatives": {"rule": "hardest"}}, "b78ffe6797f4039d"),
        ({"negatives": {"rule": "band"}, "dual_view": "symmetric"}, "d1cdc8f895a3ee14"),
    ],
)
def test_settings_of_finished_runs_have_the_fingerprints_that_they_had(contrast, digest):
    """A changed default, or a new field that is in fingerprints at its default, would make all of them run again."""
    assert sha256_of(identity(config.ContrastConfig.model_validate(contrast))).startswith(digest)
