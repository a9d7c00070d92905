"""The suite's own keys."""

import pytest


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("seeds", 0, "between 1 and 10,000"),
        ("seeds", -1, "between 1 and 10,000"),
        ("datasets", ["digits"], "not both"),
    ],
)  # fmt: skip
def test_seeds_and_data_sets_are_given_in_one_way(refusal, path, value, message):
    assert message in refusal(path, value)
