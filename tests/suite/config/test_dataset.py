"""Which settings a data set takes."""

import pytest


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("dataset", {"name": "digits", "normalise": {"mean": [0.5], "std": [0.2, 0.2]}}, "one value per channel"),
        ("dataset", {"name": "digits", "normalise": {"mean": [0.5], "std": [0.0]}}, "above 0 is needed, not 0.0"),
        ("dataset", {"name": "npz"}, "dataset.path: missing"),
        ("dataset", {"name": "digits", "path": "x"}, "`path` has no effect with `digits`; it belongs to hf,"),
        ("dataset", {"name": "digits", "download": True}, "`download` has no effect with `digits`; it belongs"),
    ],
)  # fmt: skip
def test_settings_that_a_data_set_does_not_take_are_refused(refusal, path, value, message):
    assert message in refusal(path, value)
