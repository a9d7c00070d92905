"""What doesn't fit within one section, or an arm's resolved settings, is refused in one line."""

import pytest


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("contrast.queue_size", 100, "100 is not a multiple of the 64 keys that enter in a step; 128 would be"),
        ("encoder.batch_norm_groups", 7, "does not divide into 7 BatchNorm groups"),
        ("encoder.batch_norm_groups", 64, "BatchNorm needs at least 2 images per group"),
        ("arms.filter.contrast.negatives", {"rule": "hardest", "count": 257}, "at most 256"),
        ("arms.filter.contrast.negatives", {"rule": "threshold", "similarity": 0, "minimum": 999}, "at most"),
        ("arms.filter.contrast.filter_warmup_steps", 44, "the rule would never act"),
        ("train", {"batch_size": 2048}, "is not a multiple of the 2048"),
        ("dataset", {"name": "digits", "train_limit": 50}, "is more than the 50 training images"),
        ("train.warmup_epochs", 2, "leaves nothing of 2 epochs"),
        ("train.stop_after_epochs", 3, "stop_after_epochs: 3 of 2 epochs; at most all"),
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
        ("dataset", {"name": "image-folder", "path": "x"}, "needs an `image_size`"),
    ],
)  # fmt: skip
def test_what_does_not_fit_within_a_section_is_refused(refusal, path, value, message):
    assert message in refusal(path, value)


@pytest.mark.parametrize("blamed", ["contrast.filter_warmup_steps", "arms.filter.contrast.filter_warmup_steps"])
def test_a_warm_up_that_outlasts_the_run_is_told_where_it_stands(refusal, blamed):
    assert f": {blamed}: 4000 of 44 steps: the rule would never act" in refusal(blamed, 4000)
