import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig


@pytest.fixture
def folder(tmp_path):
    """Two classes, four training and two test images each, of several sizes."""
    random = np.random.default_rng(0)
    for split, count in (("train", 4), ("test", 2)):
        for name in ("cat", "ant"):
            (tmp_path / split / name).mkdir(parents=True)
            for index in range(count):
                pixels = random.integers(0, 256, (20 + index, 24, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / split / name / f"{index}.png")
    return tmp_path


def load(path, size=16, **more):
    return load_dataset(DatasetConfig(name="image-folder", path=str(path), image_size=size, **more))


def refused(path, match, **more):
    with pytest.raises(InputError, match=match) as caught:
        load(path, **more)
    assert "\n" not in str(caught.value)


def test_folders_are_classes_in_order_of_their_names(folder):
    dataset = load(folder)
    assert dataset.classes == ("ant", "cat")
    assert dataset.train.images.shape == (8, 3, 16, 16)
    assert dataset.train.labels.tolist() == [0] * 4 + [1] * 4
    assert dataset.evaluation.labels.tolist() == [0, 0, 1, 1]


def test_images_are_cut_to_their_central_square_and_resized(folder):
    dataset = load(folder)
    pixels = torch.from_numpy(np.array(Image.open(folder / "train" / "cat" / "1.png"))).permute(2, 0, 1)
    assert pixels.shape == (3, 21, 24)
    expected = functional.resize(functional.center_crop(pixels, [21, 21]), [16, 16], antialias=True)
    assert torch.equal(dataset.train.images[5], expected)


def test_gray_palette_and_transparent_images_become_rgb(folder):
    gray = Image.fromarray(np.full((16, 16), 90, np.uint8))
    gray.save(folder / "train" / "ant" / "0.png")
    gray.convert("P").save(folder / "train" / "ant" / "1.png")
    gray.convert("RGBA").save(folder / "train" / "ant" / "2.png")
    gray.convert("LA").save(folder / "train" / "ant" / "3.png")
    images = load(folder).train.images[:4]
    assert torch.equal(images, torch.full((4, 3, 16, 16), 90, dtype=torch.uint8))


def test_hidden_and_foreign_files_are_passed_over(folder):
    before = load(folder).sha256
    (folder / "train" / ".cache").mkdir()
    (folder / "train" / "notes.txt").write_text("not a class")
    (folder / "train" / "ant" / ".hidden.png").write_text("not an image")
    (folder / "train" / "ant" / "labels.csv").write_text("not an image")
    assert load(folder).sha256 == before


def test_a_corrupt_image_is_named(folder):
    path = folder / "train" / "cat" / "2.png"
    whole = path.read_bytes()
    for content in (b"", b"no image", whole[:-40], whole[:60] + bytes(40) + whole[100:]):
        path.write_bytes(content)
        refused(folder, "cat/2.png: not readable as an image")


def test_a_format_that_could_run_a_program_isnt_opened(folder):
    (folder / "train" / "cat" / "2.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")
    refused(folder, "cat/2.png: not readable as an image")


def test_sixteen_bits_a_channel_are_refused(folder):
    Image.fromarray(np.full((16, 16), 40000, np.uint16)).save(folder / "train" / "ant" / "0.png")
    refused(folder, "ant/0.png: pixels of mode I;16; save it in RGB with 8 bits a channel")


def test_what_is_missing_is_said(folder, tmp_path):
    refused(folder / "nowhere", "nowhere/train: not readable")
    refused(folder, "need an `image_size`", size=None)
    refused("a\0b", "NUL character")
    refused("x" * 300, "not readable")
    (folder / "train" / "empty").mkdir()
    (folder / "test" / "empty").mkdir()
    refused(folder, r"train/empty: no images; files ending in \.png")


def test_test_classes_must_be_those_of_training(folder):
    (folder / "test" / "cat").rename(folder / "test" / "dog")
    refused(folder, "test: its class folders differ from train's: cat, dog")


def test_one_class_is_refused(tmp_path):
    (tmp_path / "train" / "only").mkdir(parents=True)
    refused(tmp_path, "accuracy needs at least two")


def test_with_validation_the_test_folder_isnt_needed(folder):
    for file in (folder / "test").rglob("*.png"):
        file.unlink()
    dataset = load(folder, validation=0.25)
    assert dataset.evaluated_on == "validation"
    assert (len(dataset.train), len(dataset.evaluation)) == (6, 2)


@pytest.mark.parametrize("surroundings", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LC_ALL": "C.UTF-8"}])
def test_classes_have_the_names_of_their_folders_in_every_locale(tmp_path, surroundings):
    for name in ("gr\u00f6\u00dfe", "\u65e5\u672c\u8a9e"):
        (tmp_path / "train" / name).mkdir(parents=True)
    os.mkdir(os.fsencode(tmp_path / "train") + b"/caf\xe9")  # as archives of other systems have it
    program = (
        "import sys; from moco_bench.components.datasets.image_folder import ImageFolder; "
        "print(ascii(list(ImageFolder(path=sys.argv[1]).class_names())))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, **surroundings}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.strip() == ascii(["caf\\xe9", "gr\u00f6\u00dfe", "\u65e5\u672c\u8a9e"])
