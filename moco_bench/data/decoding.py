"""Decodes image files: upright, in RGB, cut to their central square."""

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from moco_bench.data.resize import to_square
from moco_bench.errors import InputError
from moco_bench.measure.quota import usable_cores

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
EIGHT_BIT = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
MOST_PIXELS = 89_478_485
"""The limit above which Pillow warns: a file of half a megabyte may hold gigabytes of pixels."""

BATCH = 16
"""Files per core and batch."""

NAMED = 20
"""Number of unusable files that are named with their reasons; others are named without."""

ORIENTATION = 0x0112
TURNED = "turned upright, as its EXIF orientation says"
ON_WHITE = "transparent in places, and laid on white"
FIRST_FRAME = "of several frames or pages, of which the first was read"


@dataclass(frozen=True)
class Decoded:
    """One image."""

    pixels: NDArray[np.uint8]  # [3, size, size]
    height: int  # in the file, upright
    width: int
    changed: tuple[str, ...]


def decode_all(files: list[Path], size: int) -> Iterator[tuple[Path, Decoded]]:
    """Decode files, in their order, on as many threads as there are cores: Pillow's decoders leave Python alone.

    Raises:
        InputError: at the end, naming every file that can't be used.
    """
    cores = ceil(usable_cores())
    broken: list[tuple[Path, str]] = []

    def attempt(file: Path) -> Decoded | str:
        try:
            return decode(file, size)
        except InputError as error:
            return str(error)

    with ThreadPoolExecutor(cores) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # such files are refused
        for start in range(0, len(files), BATCH * cores):
            some = files[start : start + BATCH * cores]
            for file, outcome in zip(some, pool.map(attempt, some), strict=True):
                if isinstance(outcome, str):
                    broken.append((file, outcome))
                else:
                    yield file, outcome
    if broken:
        raise BrokenFiles(broken)


class BrokenFiles(InputError):
    """Files that can't be used, and why."""

    def __init__(self, files: list[tuple[Path, str]]) -> None:
        self.files = files
        reasons = "; ".join(reason for _, reason in files[:NAMED])
        rest = ", ".join(str(file) for file, _ in files[NAMED:])
        count = f"{len(files)} files can't be used. " if len(files) > 1 else ""
        super().__init__(f"{count}{reasons}{f'; and for such reasons {rest}' if rest else ''}")


def decode(file: Path, size: int) -> Decoded:
    """Read one image and resize its central square to `size`.

    Raises:
        InputError: it is damaged, no image, too large or has more than 8 bits per channel.
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise InputError(
                    f"{file}: {image.width}x{image.height} pixels, more than {MOST_PIXELS // 10**6} million; shrink it"
                )
            if image.mode not in EIGHT_BIT:
                raise InputError(f"{file}: pixels of mode {image.mode}; save it in RGB with 8 bits a channel")
            changed = [FIRST_FRAME] if getattr(image, "n_frames", 1) > 1 else []
            image.load()  # before its metadata are read, which hides an error here from later readers
            upright = _upright(image)
            changed += [TURNED] if upright is not image else []
            plain, transparent = _opaque(upright)
            changed += [ON_WHITE] if transparent else []
            pixels = np.array(plain)
    except InputError:
        raise
    except Exception as error:  # Pillow's decoders answer damage with many kinds of exception.
        raise InputError(f"{file}: not readable as an image ({error}); replace or remove it") from None
    square = to_square(torch.from_numpy(pixels).permute(2, 0, 1), size)
    return Decoded(square.contiguous().numpy(), pixels.shape[0], pixels.shape[1], tuple(changed))


def _upright(image: Image.Image) -> Image.Image:
    """The image as viewers show it; the same object if it needn't be turned."""
    try:
        turned = image.getexif().get(ORIENTATION, 1) in range(2, 9)
    except Exception:  # damaged metadata of an image that can be read are no reason to refuse it
        return image
    return ImageOps.exif_transpose(image) if turned else image


def _opaque(image: Image.Image) -> tuple[Image.Image, bool]:
    """The image in RGB on white, as most viewers show it, and whether any of it was transparent."""
    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        lowest, _ = layered.getchannel("A").getextrema()
        if lowest != 255:
            return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB"), True
    return image.convert("RGB"), False
