from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from moco_bench.data import decoded, decoding, shards
from moco_bench.data.datasets import load_dataset
from moco_bench.suite.config import DatasetConfig


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """Where decoded images are kept."""
    monkeypatch.setenv("MOCO_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def decodings(monkeypatch) -> list[Path]:
    """The files that were decoded."""
    files: list[Path] = []
    original = decoding.decode_all

    def counted(some, size):
        files.extend(some)
        return original(some, size)

    for module in (decoded, shards):
        monkeypatch.setattr(module, "decode_all", counted)
    return files


@pytest.fixture
def folder(tmp_path) -> Path:
    """Fourteen images of noise, 24 x 20 pixels, in two classes."""
    random = np.random.default_rng(1)
    for split, count in (("train", 5), ("test", 2)):
        for name in ("ant", "cat"):
            (tmp_path / "images" / split / name).mkdir(parents=True)
            for index in range(count):
                pixels = random.integers(0, 256, (20, 24, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / "images" / split / name / f"{index}.png")
    return tmp_path / "images"


@pytest.fixture
def load():
    """Loads a folder of images."""

    def loaded(path, size=16, **more):
        return load_dataset(DatasetConfig(name="image-folder", path=str(path), image_size=size, **more))

    return loaded
