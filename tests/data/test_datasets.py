import json

import numpy as np
import pytest
import torch

from moco_bench.components.registry import built_in
from moco_bench.data.datasets import channel_statistics, load_dataset, load_described, manifest_of
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig
from moco_bench.suite.validation import validate


def fashion(**more):
    return load_dataset(DatasetConfig(name="fashion-mnist-5k", **more))


def test_every_data_set_says_what_it_is():
    for name, idea in built_in("dataset").items():
        assert idea.mistake() is None, name
        assert idea.source or name in ("npz", "image-folder"), name
        assert (idea.sizes is None) == (name in ("npz", "image-folder", "imagenet100", "hf")), name


def test_the_test_split_is_what_is_evaluated_on():
    dataset = fashion()
    assert dataset.evaluated_on == "test"
    assert dataset.train.images.dtype == torch.uint8
    assert dataset.train.labels.dtype == torch.int64


def test_validation_takes_the_place_of_the_test_split():
    whole, dataset = fashion(), fashion(validation=0.2)
    assert dataset.evaluated_on == "validation"
    assert torch.bincount(dataset.train.labels).tolist() == [400] * 10
    assert torch.bincount(dataset.evaluation.labels).tolist() == [100] * 10
    images = [image.numpy().tobytes() for image in torch.cat([dataset.train.images, dataset.evaluation.images])]
    assert sorted(images) == sorted(image.numpy().tobytes() for image in whole.train.images)


def test_limits_apply_to_what_is_trained_and_what_is_evaluated_on():
    dataset = fashion(train_limit=200, test_limit=50)
    assert torch.bincount(dataset.train.labels).tolist() == [20] * 10
    assert torch.bincount(dataset.evaluation.labels).tolist() == [5] * 10
    held_out = fashion(train_limit=200, test_limit=50, validation=0.1)
    assert (len(held_out.train), len(held_out.evaluation)) == (200, 50)
    with pytest.raises(InputError, match="train_limit: 4501 images asked for, but there are 4500"):
        fashion(train_limit=4501, validation=0.1)


def test_mean_and_deviation_are_those_of_the_images_trained_on():
    dataset = fashion(train_limit=100)
    values = dataset.train.images.numpy().astype(np.float64) / 255
    assert np.allclose(dataset.mean, values.mean(axis=(0, 2, 3)), rtol=1e-12)
    assert np.allclose(dataset.std, values.std(axis=(0, 2, 3)), rtol=1e-12)
    assert dataset.mean != fashion().mean


def test_mean_and_deviation_may_be_given(tmp_path):
    given = {"mean": (0.25,), "std": (0.5,)}
    dataset = fashion(normalise=given)
    assert (dataset.mean, dataset.std) == ((0.25,), (0.5,))
    assert dataset.sha256 == fashion().sha256, "the images are the same"
    with pytest.raises(InputError, match="`normalise` is for 3 channels, the images have 1"):
        fashion(normalise={"mean": (0.5,) * 3, "std": (0.2,) * 3})


def test_statistics_of_three_channels_one_of_them_constant():
    images = torch.randint(0, 256, (20, 3, 9, 9), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images[:, 1] = 51
    mean, std = channel_statistics(images)
    values = images.numpy() / 255
    assert np.allclose(mean, values.mean(axis=(0, 2, 3)))
    assert np.allclose(std[::2], values.std(axis=(0, 2, 3))[::2])
    assert std[1] == 1.0


def test_the_hash_sees_every_part(tmp_path):
    random = np.random.default_rng(0)
    content = {
        "x_train": random.integers(0, 256, (12, 8, 8), dtype=np.uint8),
        "y_train": np.arange(12) % 3,
        "x_test": random.integers(0, 256, (6, 8, 8), dtype=np.uint8),
        "y_test": np.arange(6) % 3,
        "classes": np.array(["a", "b", "c"]),
    }

    def hash_of(**changes):
        np.savez(tmp_path / "own.npz", **{**content, **changes})
        return load_dataset(DatasetConfig(name="npz", path=str(tmp_path / "own.npz"))).sha256

    def altered(key):
        changed = content[key].copy()
        changed.flat[-1] = "z" if key == "classes" else 1 - min(changed.flat[-1], 1)
        return hash_of(**{key: changed})

    hashes = {hash_of(), *(altered(key) for key in content)}
    hashes.add(hash_of(x_train=content["x_train"][::-1]))
    assert len(hashes) == 2 + len(content)
    assert hash_of() == hash_of(x_train=content["x_train"][:, None])


def test_the_same_request_gives_the_same_data():
    request = {"train_limit": 500, "test_limit": 100, "validation": 0.1}
    assert fashion(**request).sha256 == fashion(**request).sha256
    assert fashion(**request).sha256 != fashion().sha256


def test_the_manifest_is_plain_json():
    manifest = manifest_of(fashion(label="anything"))
    assert json.loads(json.dumps(manifest, allow_nan=False)) == manifest
    assert manifest["name"] == "fashion-mnist-5k"
    assert (manifest["train_images"], manifest["evaluation_images"]) == (5000, 1000)
    assert manifest["image_shape"] == [1, 28, 28]
    assert manifest["evaluated_on"] == "test"
    assert len(manifest["classes"]) == 10
    assert len(manifest["sha256"]) == 64


def test_any_data_set_can_be_resized():
    dataset = fashion(image_size=16, train_limit=20)
    assert dataset.train.images.shape == (20, 1, 16, 16)
    assert dataset.evaluation.images.shape == (1000, 1, 16, 16)


@pytest.mark.parametrize(
    "name",
    [
        "cifar10",
        "cifar100",
        "fashion-mnist",
        "svhn",
        "stl10",
        "tiny-imagenet",
        "npz",
        "image-folder",
        "imagenet100",
        "hf",
    ],
)
def test_nothing_falls_back_to_another_data_set(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        load_dataset(validate(DatasetConfig, {"name": name}, "dataset"))


def test_images_that_changed_since_they_were_described_are_refused(tmp_path):
    config, manifest = DatasetConfig(name="digits"), tmp_path / "digits.json"
    whole = load_described(config, manifest)  # no manifest, nothing to compare with
    manifest.write_text(json.dumps(manifest_of(whole)))
    assert load_described(config, manifest).sha256 == whole.sha256

    with pytest.raises(InputError, match=r"its images are not those that .*digits\.json describes"):
        load_described(DatasetConfig(name="digits", train_limit=1000), manifest)
