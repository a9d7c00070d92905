"""A data set of one's own, from its file to a manifest and a plan."""

import json

import numpy as np
import pytest
import yaml

from moco_bench.cli.main import main
from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.files import sha256_of
from moco_bench.suite.config import DatasetConfig
from moco_bench.suite.identity.run import identity
from moco_bench.suite.load import load_suite, parse_suite
from moco_bench.suite.on_disk.sources import describe_sources, have_changed, request_of
from moco_bench.suite.runs import expand
from moco_bench.suite.strict_yaml import read_yaml

STRIPES = '''"""A data set of my own."""
from typing import ClassVar, Literal

import numpy as np

from moco_bench.components import Dataset


class Stripes(Dataset):
    """Two kinds of stripes."""

    sizes: ClassVar[tuple[int, int] | None] = (120, 40)
    class_count: ClassVar[int | None] = 2

    name: Literal["my-stripes"] = "my-stripes"
    width: int = 2
    path: str = "somewhere"

    def load(self, split):
        count = {"train": 120, "test": 40}[split]
        random = np.random.Generator(np.random.PCG64(len(split)))
        labels = np.arange(count) % 2
        images = random.integers(0, 100, (count, 12, 12), dtype=np.uint8)
        images[labels == 0, :: self.width] += 100
        images[labels == 1, :, :: self.width] += 100
        return images, labels

    def class_names(self):
        return ["lying", "standing"]
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "stripes.py").write_text(STRIPES)
    write(tmp_path)
    return tmp_path


def write(folder, dataset="my-stripes", **changes):
    suite = {
        "name": "mine",
        "plugins": ["stripes.py"],
        "dataset": dataset,
        "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16},
        "contrast": {"queue_size": 64},
        "train": {"epochs": 1, "batch_size": 32, "precision": "float32"},
        "evaluate": {"knn_k": 10, "corruptions": False, "floors": False},
        "arms": {"vanilla": None},
    } | changes
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))
    return folder / "suite.yaml"


def dataset_of(folder, **settings):
    return load_suite(write(folder, {"name": "my-stripes", **settings})).datasets[0]


def test_it_is_prepared_trained_on_and_its_copy_needs_no_file(folder):
    suite, results = folder / "suite.yaml", ["--results", str(folder / "results")]
    assert main(["prepare", str(suite), "--dataset", "my-stripes", *results]) == 0
    manifest = json.loads((folder / "results/mine/data/my-stripes.json").read_text())
    assert manifest["classes"] == ["lying", "standing"]
    assert (manifest["train_images"], manifest["image_shape"]) == (120, [1, 12, 12])
    (run,) = expand(load_suite(suite))
    assert main(["pretrain", str(suite), "--run", run.id, *results]) == 0
    assert main(["evaluate", str(suite), "--run", run.id, *results]) == 0
    assert main(["collect", str(suite), *results]) == 0
    (folder / "stripes.py").unlink()
    copy = folder / "results/mine/suite.yaml"
    told = parse_suite(read_yaml(copy), str(copy))
    assert expand(told)[0].fingerprint == run.fingerprint
    assert told.datasets[0].training_images == 120


def test_shared_settings_work_as_for_any_data_set(folder):
    config = dataset_of(folder, width=3, validation=0.25, train_limit=60, image_size=16, label="thin")
    dataset = load_dataset(config)
    assert (len(dataset.train), len(dataset.evaluation)) == (60, 30)
    assert dataset.train.images.shape[1:] == (1, 16, 16)
    assert (config.title, config.source.width, config.training_images) == ("thin", 3, 60)
    assert config.model_dump()["width"] == 3
    assert "source" not in config.model_dump()


def test_the_fingerprint_has_code_and_settings_but_no_place(folder):
    before, elsewhere, wider = dataset_of(folder), dataset_of(folder, path="elsewhere"), dataset_of(folder, width=4)
    (folder / "stripes.py").write_text(STRIPES + "# edited\n")
    edited = dataset_of(folder)
    assert identity(before) == identity(elsewhere)
    assert identity(before) not in (identity(wider), identity(edited))
    assert request_of(before) not in (request_of(wider), request_of(edited), request_of(elsewhere))


def test_built_in_ones_are_asked_for_as_before():
    """Manifests of data sets that were prepared before every data set was a class hold this hash."""
    asked = {
        "name": "digits", "label": None, "root": None, "path": None, "download": False, "image_size": None,
        "train_limit": None, "test_limit": None, "validation": 0.0, "normalise": None
    }  # fmt: skip
    assert request_of(DatasetConfig(name="digits")) == sha256_of(asked)
    assert request_of(DatasetConfig(name="cifar10", root="here")) == sha256_of(
        asked | {"name": "cifar10", "root": "here"}
    )


def test_built_in_ones_have_the_identity_that_they_had():
    assert identity(DatasetConfig(name="digits", train_limit=100)) == {
        "name": "digits", "image_size": None, "train_limit": 100, "test_limit": None, "validation": 0.0
    }  # fmt: skip


@pytest.mark.parametrize("lies_in_a_folder", [True, False])
def test_files_below_its_path_are_watched(folder, lies_in_a_folder):
    file = folder / "images" / "a" / "one.bin"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"one")
    config = dataset_of(folder, path=str(folder / "images" if lies_in_a_folder else file))
    source = describe_sources(config)
    assert not have_changed(config, source)
    file.write_bytes(b"another")
    assert have_changed(config, source)


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ("my-stripse", "'my-stripse' is none of .*did you mean 'my-stripes'"),
        ({"name": "my-stripes", "width": "two"}, "width: .*'two'"),
        ({"name": "my-stripes", "breadth": 3}, "breadth: unknown key"),
        ({"name": "my-stripes", "root": "data"}, "`root` has no effect"),
        ({"name": "my-stripes", "train_limit": 121}, "train_limit: 121 images asked for"),
        ({"name": "digits", "width": 3}, "`width` has no effect with `digits`; it belongs to my-stripes"),
        ({"name": "digits", "plugin": {}}, "plugin: unknown key"),
        ({"name": "my-stripes", "plugin": {"name": "my-stripes"}}, "plugin: unknown key"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(folder, dataset, said):
    with pytest.raises(InputError, match=said) as complaint:
        load_suite(write(folder, dataset))
    assert "\n" not in str(complaint.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STRIPES.replace("my-stripes", "cifar10"), "'cifar10' is the name of a built-in"),
        (STRIPES.replace("width: int", "image_size: int"), "`image_size` is one of every data set"),
        (STRIPES.replace("load(", "loads("), "has no method `load"),
        (STRIPES.replace("(120, 40)\n", "120\n"), "`sizes` is 120"),
    ],
)
def test_a_class_that_cannot_be_is_one_line_with_its_place(folder, text, said):
    (folder / "stripes.py").write_text(text)
    with pytest.raises(InputError, match=rf"stripes.py:9: .*{said}"):
        load_suite(folder / "suite.yaml")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("return images, labels", "return images", "gave a ndarray"),
        ("return images, labels", "return images / 255, labels", "uint8 .* is needed"),
        ("return images, labels", "return images, labels[:-1]", "images but .* labels"),
        ("return images, labels", "return images, labels * 2", "must be numbered 0 to 1"),
        ('"lying", ', "", "1 names of classes, but the labels have 2"),
    ],
)
def test_images_are_held_to_what_all_images_are_held_to(folder, before, after, said):
    (folder / "stripes.py").write_text(STRIPES.replace(before, after))
    with pytest.raises(InputError, match=said):
        load_dataset(dataset_of(folder))


def test_the_test_split_is_not_read_where_it_is_not_evaluated_on(folder):
    (folder / "stripes.py").write_text(STRIPES.replace('{"train": 120, "test": 40}', '{"train": 120}'))
    config = dataset_of(folder, validation=0.2)
    assert np.bincount(load_dataset(config).evaluation.labels.numpy()).tolist() == [12, 12]
    with pytest.raises(KeyError):
        load_dataset(dataset_of(folder))
