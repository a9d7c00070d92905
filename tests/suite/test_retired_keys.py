"""A suite of an earlier version stays readable: keys without effect are ignored, and a warning names them."""

import warnings

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.config import EvaluateConfig, ProbeConfig
from moco_bench.suite.identity.run import identity
from moco_bench.suite.validation import validate

OLD = {"probe": {"epochs": 2, "batch_size": 256, "learning_rates": [0.3], "weight_decays": [0.0], "holdout": 0.3}}


def test_old_keys_of_the_probe_are_ignored_and_named():
    with pytest.warns(UserWarning, match="epochs, batch_size, learning_rates, weight_decays"):
        read = validate(EvaluateConfig, OLD, "suite.yaml")
    assert read.probe == ProbeConfig(holdout=0.3)
    assert identity(read) == identity(EvaluateConfig(probe=ProbeConfig(holdout=0.3)))


def test_what_was_never_a_key_is_refused_and_what_is_one_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        validate(EvaluateConfig, {"probe": {"holdout": 0.3}}, "suite.yaml")
        with pytest.raises(InputError, match="learning_rate: unknown key"):
            validate(EvaluateConfig, {"probe": {"learning_rate": 0.3}}, "suite.yaml")
