"""Misspelt keys and values of a wrong kind are named with a correction."""

import pytest


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
        ("arms.filter.contrast.negatives", {"rule": "hardest", "fraction": 1.5}, "at most 1 is needed, not 1.5"),
        ("train.stop_after_epochs", 0, "at least 1 is needed, not 0"),
        ("arms.a/b", {"contrast": {"temperature": 0.5}}, "a name of letters"),
        ("name", "../evil", "name: a name of letters"),
        ("name", "x" * 300, "at most 64"),
    ],
)  # fmt: skip
def test_a_key_or_value_that_cannot_be_is_named_with_a_correction(refusal, path, value, message):
    assert message in refusal(path, value)
