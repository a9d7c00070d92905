"""A user's images in folders: path/train/CLASS/* and path/test/CLASS/*."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from moco_bench.data.resize import to_square
from moco_bench.data.splits import Source, Split
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
EIGHT_BIT = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr")


def image_folder(config: DatasetConfig) -> Source:
    """Images under `path`, as RGB, cut to their central square and resized to `image_size`; a folder is a class."""
    if config.path is None or config.image_size is None:
        missing = "path" if config.path is None else "image_size"
        raise InputError(f"dataset image-folder: `{missing}` is missing; give the folder and the side in pixels")
    path, size = Path(config.path), config.image_size
    classes = _classes(path / "train")
    if len(classes) < 2:
        raise InputError(f"{path / 'train'}: {len(classes)} class folder(s); accuracy needs at least two")
    return Source(classes, lambda: _read(path / "train", classes, size), lambda: _read(path / "test", classes, size))


def _read(folder: Path, classes: tuple[str, ...], size: int) -> Split:
    if odd := sorted(set(_classes(folder)) ^ set(classes)):
        raise InputError(f"{folder}: its class folders differ from train's: {', '.join(odd[:5])}; give both the same")
    images, labels = [], []
    for label, name in enumerate(classes):
        files = [file for file in _visible(folder / name) if file.suffix.lower() in SUFFIXES]
        if not files:
            raise InputError(f"{folder / name}: no images; files ending in {', '.join(SUFFIXES)} are read")
        images += [_image(file, size) for file in files]
        labels += [label] * len(files)
    return Split(torch.stack(images), torch.tensor(labels))


def _classes(folder: Path) -> tuple[str, ...]:
    return tuple(entry.name for entry in _visible(folder) if entry.is_dir())


def _visible(folder: Path) -> list[Path]:
    """What a folder holds, in order of name, without hidden entries."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder}: not readable ({error}); images must lie in PATH/train/CLASS/ and PATH/test/CLASS/"
        ) from None


def _image(file: Path, size: int) -> Tensor:
    """One image as uint8 [3, size, size]."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            mode, pixels = image.mode, np.array(image.convert("RGB"))
    except Exception as error:  # Pillow's decoders answer damage with many kinds of exception.
        raise InputError(f"{file}: not readable as an image ({error}); replace or remove it") from None
    if mode not in EIGHT_BIT:
        raise InputError(f"{file}: pixels of mode {mode}; save it with 8 bits a channel")
    return to_square(torch.from_numpy(pixels).permute(2, 0, 1), size)
