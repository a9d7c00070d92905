"""SVHN, STL-10, Tiny-ImageNet, ImageNet-100 and `hugging_face` copies, from small files in their own formats."""

import builtins
import hashlib
import json

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from scipy.io import savemat
from torchvision import datasets

from moco_bench.cli.main import main
from moco_bench.data.datasets import load_dataset, manifest_of
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig
from moco_bench.suite.on_disk.sources import absent, describe_sources, have_changed
from moco_bench.suite.validation import validate

RANDOM = np.random.default_rng(0)


def of(**settings):
    return validate(DatasetConfig, settings, "dataset")


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.fixture
def svhn(tmp_path, monkeypatch):
    """20 + 10 images in MATLAB's format, zeros called 10."""
    known = {}
    for split, count in (("train", 20), ("test", 10)):
        pixels = RANDOM.integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
        file = tmp_path / f"{split}_32x32.mat"
        savemat(file, {"X": pixels, "y": (np.arange(count) % 10 + 1).astype(np.uint8)[:, None]})
        known[split] = ["address", file.name, md5(file)]
    monkeypatch.setattr(datasets.SVHN, "split_list", known)
    return tmp_path


def test_svhn_equals_torchvisions(svhn):
    dataset = load_dataset(of(name="svhn", root=str(svhn)))
    for split, name in ((dataset.train, "train"), (dataset.evaluation, "test")):
        theirs = datasets.SVHN(svhn, split=name)
        assert np.array_equal(split.images.numpy(), theirs.data)
        assert split.labels.tolist() == theirs.labels.tolist()
    assert dataset.classes == tuple("0123456789")
    assert dataset.train.labels.tolist()[9] == 0


def test_a_damaged_file_of_svhn_is_refused(svhn):
    file = svhn / "train_32x32.mat"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"train_32x32\.mat: damaged, or not the official file"):
        load_dataset(of(name="svhn", root=str(svhn)))


@pytest.fixture
def stl10(tmp_path, monkeypatch):
    """30 images without labels, 20 + 10 with, column by column as the binary files have them."""
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    for name, count in (("train", 20), ("test", 10), ("unlabeled", 30)):
        RANDOM.integers(0, 256, (count, 3, 96, 96), dtype=np.uint8).tofile(folder / f"{name}_X.bin")
        if name != "unlabeled":
            (np.arange(count) % 10 + 1).astype(np.uint8).tofile(folder / f"{name}_y.bin")
    words = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]
    (folder / "class_names.txt").write_text("\n".join(words) + "\n")
    sums = {file.name: md5(file) for file in folder.glob("*.bin")}
    names = [["train_X.bin", "train_y.bin", "unlabeled_X.bin"], ["test_X.bin", "test_y.bin"]]
    lists = [[[name, sums[name]] for name in some] for some in names]
    monkeypatch.setattr(datasets.STL10, "train_list", lists[0])
    monkeypatch.setattr(datasets.STL10, "test_list", lists[1])
    return tmp_path


def test_stl10_trains_on_what_has_no_labels_and_evaluates_on_what_has(stl10):
    dataset = load_dataset(of(name="stl10", root=str(stl10)))
    monkey = {"unlabeled": dataset.train, "train": dataset.labelled, "test": dataset.evaluation}
    for name, split in monkey.items():
        file = np.fromfile(stl10 / "stl10_binary" / f"{name}_X.bin", np.uint8).reshape(-1, 3, 96, 96)
        assert np.array_equal(split.images.numpy(), file.transpose(0, 1, 3, 2))
    assert set(dataset.train.labels.tolist()) == {-1}
    assert dataset.labelled.labels.tolist() == [*range(10), *range(10)]
    assert dataset.classes[7] == "monkey"
    assert manifest_of(dataset)["labelled_images"] == 20


def test_stl10_holds_out_labelled_images_and_limits_those_that_train(stl10):
    dataset = load_dataset(of(name="stl10", root=str(stl10), validation=0.5, train_limit=7, image_size=16))
    assert [len(split) for split in (dataset.train, dataset.labelled, dataset.evaluation)] == [7, 10, 10]
    assert dataset.evaluated_on == "validation"
    assert dataset.train.images.shape == (7, 3, 16, 16)


def test_what_a_plan_knows_of_stl10():
    config = of(name="stl10", validation=0.2)
    assert (config.training_images, config.labelled_images) == (100_000, 4_000)


def jpeg(path, colour, mode="RGB", size=(64, 64)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path, "JPEG")


@pytest.fixture
def tiny_imagenet(tmp_path, monkeypatch):
    """Two classes in the layout of `tiny-imagenet-200.zip`."""
    colours = {"n01443537": (200, 0, 0), "n01629819": (0, 0, 200)}
    (tmp_path / "wnids.txt").write_text("n01629819\nn01443537\n")
    (tmp_path / "words.txt").write_text(
        "n01443537\tgoldfish, Carassius auratus\nn01629819\tEuropean fire salamander, Salamandra salamandra\n"
    )
    lines = []
    for number, colour in colours.items():
        for index in range(3):
            jpeg(tmp_path / "train" / number / "images" / f"{number}_{index}.JPEG", colour)
        (tmp_path / "train" / number / f"{number}_boxes.txt").write_text("x\t0\t0\t1\t1\n")
    for index, number in enumerate(("n01629819", "n01443537")):
        jpeg(tmp_path / "val" / "images" / f"val_{index}.JPEG", colours[number], mode="L" if index else "RGB")
        lines.append(f"val_{index}.JPEG\t{number}\t0\t0\t62\t62\n")
    (tmp_path / "val" / "val_annotations.txt").write_text("".join(lines))
    return tmp_path


def test_tiny_imagenet_in_its_own_folders(tiny_imagenet):
    config = of(name="tiny-imagenet", path=str(tiny_imagenet))
    dataset = load_dataset(config)
    assert dataset.classes == ("goldfish", "European fire salamander")
    assert dataset.train.images.shape == (6, 3, 64, 64)
    assert dataset.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.evaluation.labels.tolist() == [1, 0]
    assert dataset.train.images[0].float().mean(dim=(1, 2)).argmax() == 0
    assert dataset.evaluation.images[0].float().mean(dim=(1, 2)).argmax() == 2
    source = describe_sources(config)
    (tiny_imagenet / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn01443537\n")
    assert have_changed(config, source)


def test_an_annotation_that_leads_nowhere_is_said(tiny_imagenet):
    file = tiny_imagenet / "val" / "val_annotations.txt"
    for text, said in (("val_9.JPEG\tn01443537\n", "no such file"), ("val_0.JPEG\tn1\n", "classes of wnids.txt")):
        file.write_text(text)
        with pytest.raises(InputError, match=said):
            load_dataset(of(name="tiny-imagenet", path=str(tiny_imagenet)))


def test_imagenet100_has_a_val_folder_and_a_hundred_classes(tmp_path):
    for index in range(100):
        for split in ("train", "val"):
            jpeg(tmp_path / split / f"n{index:08}" / "a.JPEG", (index, 0, 0), size=(20 + index, 30))
    dataset = load_dataset(of(name="imagenet100", path=str(tmp_path), image_size=16))
    assert (len(dataset.classes), dataset.train.images.shape) == (100, (100, 3, 16, 16))
    with pytest.raises(InputError, match="need an `image_size`"):
        load_dataset(of(name="imagenet100", path=str(tmp_path)))
    for split in ("train", "val"):
        (tmp_path / split / "n00000000" / "a.JPEG").unlink()
        (tmp_path / split / "n00000000").rmdir()
    with pytest.raises(InputError, match="99 class folders; imagenet100 has 100"):
        load_dataset(of(name="imagenet100", path=str(tmp_path), image_size=16))


@pytest.fixture
def saved(tmp_path):
    """A data set that Hugging Face's library wrote, images of two sizes."""
    import datasets as hf

    features = hf.Features({"img": hf.Image(), "label": hf.ClassLabel(names=["ant", "bee"])})

    def split(count):
        images = [Image.new("L", (20, 20 + i % 2), i).convert("RGB" if i % 2 else "L") for i in range(count)]
        return hf.Dataset.from_dict({"img": images, "label": [i % 2 for i in range(count)]}, features=features)

    hf.DatasetDict({"train": split(8), "validation": split(4)}).save_to_disk(tmp_path / "copy")
    return tmp_path / "copy"


def test_a_local_copy_of_hugging_face(saved):
    settings = {"name": "hf", "path": str(saved), "image_column": "img", "test_split": "validation"}
    dataset = load_dataset(of(**settings, image_size=16))
    assert dataset.classes == ("ant", "bee")
    assert dataset.train.labels.tolist() == [0, 1] * 4
    assert dataset.train.images.shape == (8, 3, 16, 16)
    assert dataset.train.images[3].unique().tolist() == [3]
    assert dataset.train.origin.sides == ((20, 20), (21, 20))
    with pytest.raises(InputError, match="`image_size` makes them equal"):
        load_dataset(of(**settings))
    for changes, said in (
        ({"test_split": "test"}, "no split 'test'; it has train, validation"),
        ({"image_column": "image"}, "no column 'image'; it has img, label"),
        ({"image_column": "label"}, "holds no images"),
        ({"path": str(saved / "train")}, "a single split"),
        ({"path": str(saved.parent)}, "not a folder that `save_to_disk`"),
    ):
        with pytest.raises(InputError, match=said) as error:
            load_dataset(of(**{**settings, **changes}, image_size=16))
        assert "\n" not in str(error.value)


def test_without_hugging_faces_package_one_line_says_how_to_get_it(saved, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "datasets":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match="isn't installed; `pip install datasets`"):
        load_dataset(of(name="hf", path=str(saved), image_size=16))


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"name": "svhn", "root": "r"}, "r/train_32x32.mat"),
        ({"name": "stl10"}, "data/stl10_binary"),
        ({"name": "stl10", "download": True}, ""),
        ({"name": "tiny-imagenet"}, "data/tiny-imagenet-200/wnids.txt"),
        ({"name": "imagenet100", "path": "p"}, "p/train"),
        ({"name": "hf", "path": "p"}, "p"),
    ],
)
def test_a_plan_says_what_is_not_there(tmp_path, monkeypatch, settings, missing):
    monkeypatch.chdir(tmp_path)
    assert absent(of(**settings)) == missing


def test_images_without_labels_take_no_part_in_false_negative_rates(stl10):
    labels = load_dataset(of(name="stl10", root=str(stl10))).train.labels
    assert torch.equal(labels, torch.full((30,), -1))


def test_a_run_on_stl10_trains_without_labels_and_is_evaluated_with_them(stl10, tmp_path, capsys):
    suite = {
        "name": "few",
        "dataset": {"name": "stl10", "root": str(stl10), "image_size": 16},
        "encoder": {"name": "resnet-compact", "width": 8, "dimension": 8},
        "contrast": {"queue_size": 16},
        "train": {"epochs": 1, "batch_size": 8, "precision": "float32", "device": "cpu"},
        "evaluate": {"knn_k": 5, "corruptions": False, "floors": True, "every": 1},
        "arms": {"vanilla": None},
    }
    (tmp_path / "few.yaml").write_text(yaml.safe_dump(suite))
    where = [str(tmp_path / "few.yaml"), "--results", str(tmp_path / "results")]
    run = ["--run", "stl10/resnet-compact/vanilla/seed0"]
    for known in datasets.STL10.train_list:
        assert known[1] == md5(stl10 / "stl10_binary" / known[0])
    assert main(["prepare", *where, "--dataset", "stl10"]) == 0
    assert "training: 30 images without labels; to evaluate with, 20 in 10 classes" in capsys.readouterr().err
    assert main(["pretrain", *where, *run]) == 0
    assert main(["evaluate", *where, *run]) == 0
    assert main(["evaluate", *where, "--floors", "stl10"]) == 0
    directory = tmp_path / "results" / "few" / "runs" / run[1]
    row = (directory / "history.csv").read_text().splitlines()
    values = dict(zip(row[0].split(","), row[1].split(","), strict=True))
    assert values["false_negative_rate_kept"] == ""
    assert values["knn_top1"] != ""
    assert 0 <= json.loads((directory / "metrics.json").read_text())["knn_top1"] <= 100
