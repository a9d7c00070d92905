"""The section `evaluate`: bounds of its settings, and keys of earlier versions."""

import pytest

from moco_bench.components.metrics import Uniformity
from moco_bench.suite.config import EvaluateConfig, ProbeConfig


@pytest.mark.parametrize(
    "given",
    [{"knn_k": 0}, {"knn_temperature": 0.0}, {"corruption_images": 99}, {"neighbours": 65}, {"every": 0}],
)
def test_what_cannot_be_measured_is_refused(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        EvaluateConfig.model_validate(given)


@pytest.mark.parametrize("given", [{"c_values": ()}, {"c_values": (0.0,)}, {"holdout": 0.0}, {"holdout": 0.6}])
def test_a_probe_has_candidates_and_something_to_choose_them_on(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        ProbeConfig.model_validate(given)


def test_settings_of_an_earlier_probe_are_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="epochs, learning_rates"):
        assert ProbeConfig.model_validate({"epochs": 3, "learning_rates": [1]}) == ProbeConfig()


def test_the_packages_own_metrics_are_not_asked_for():
    with pytest.raises(ValueError, match="`uniformity` is measured anyway"):
        EvaluateConfig(metrics=(Uniformity(),))
