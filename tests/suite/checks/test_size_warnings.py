import pytest

from moco_bench.suite.checks.size_warnings import manifest_warnings, size_warnings
from moco_bench.suite.suite import Suite


def suite(queue=64, epochs=2, batch=16, k=5, **more) -> Suite:
    return Suite.model_validate(
        {
            "name": "own",
            "dataset": {"name": "npz", "path": "own.npz", "label": "own"},
            "encoder": "resnet-compact",
            "contrast": {"queue_size": queue},
            "train": {"epochs": epochs, "batch_size": batch},
            "evaluate": {"knn_k": k},
            "arms": {"vanilla": {}, "dual": {"contrast": {"dual_view": "key-in-batch"}}, **more},
        },
    )


def test_settings_that_suit_the_images_are_not_warned_of():
    assert size_warnings(suite(), "own", 100) == []


@pytest.mark.parametrize(("queue", "epochs", "images"), [(256, 2, 100), (1024, 3, 330), (64, 1, 63)])
def test_a_queue_longer_than_all_keys_that_ever_enter_it(queue, epochs, images):
    found = size_warnings(suite(queue=queue, epochs=epochs), "own", images)
    assert len(found) == 1
    assert f"only {epochs * (images // 16) * 16} ever enter it" in found[0]


def test_a_queue_longer_than_an_epoch_is_stale():
    assert "oldest keys are stale" in size_warnings(suite(queue=128, epochs=5), "own", 100)[0]


@pytest.mark.parametrize(("k", "images", "warned"), [(20, 100, False), (21, 100, True), (200, 999, True)])
def test_neighbours_that_are_a_fifth_of_the_bank(k, images, warned):
    assert any("knn_k" in warning for warning in size_warnings(suite(k=k), "own", images)) is warned


def test_both_views_fill_a_queue_twice_as_fast():
    arm = {"contrast": {"dual_view": "symmetric", "enqueue": "both-views", "queue_size": 256}}
    assert not any("ever enter" in line for line in size_warnings(suite(both=arm), "own", 128))


FORMER = [
    "a queue of 4096 keys, but in 2 epochs only 176 ever enter it; the others stay the random vectors",
    "a queue of 4096 keys is longer than an epoch of 88 images, so its oldest keys are stale",
    "evaluate.knn_k is 50, more than a fifth of its 88 training images, so that kNN says little about neighbours",
]


def test_a_manifest_s_warnings_of_former_settings_are_not_repeated():
    manifest = {"warnings": ["odd", *FORMER], "train_images": 88}
    assert manifest_warnings(suite(), "own", manifest) == ["odd"]


def test_settings_that_changed_after_the_manifest_are_warned_of():
    changed = suite(queue=4096, k=50)
    found = manifest_warnings(changed, "own", {"warnings": ["odd"], "train_images": 88})
    assert found == ["odd", *size_warnings(changed, "own", 88)]
    assert len(found) == 3


def test_all_warnings_of_settings_are_told_from_those_of_images():
    for found in (suite(queue=4096, k=50), suite(queue=128, epochs=5)):
        stored = {"warnings": size_warnings(found, "own", 88)}
        assert stored["warnings"]
        assert manifest_warnings(found, "own", stored) == [], "without a number of images nothing is known"


@pytest.mark.parametrize("manifest", [{}, {"warnings": 3, "train_images": "x"}, {"train_images": None}])
def test_a_damaged_manifest_warns_of_nothing(manifest):
    assert manifest_warnings(suite(queue=4096), "own", manifest) == []
    assert manifest_warnings(None, "own", {"warnings": ["odd"], "train_images": 1}) == ["odd"], "no suite"
