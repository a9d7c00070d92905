"""STL-10: many images without labels to train on, few with labels to evaluate on."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from moco_bench.components.datasets.base import Arrays, SplitName
from moco_bench.components.datasets.checksums import OfficialFiles, check_md5, not_there, verified_bytes
from moco_bench.components.types import Array
from moco_bench.files import check_regular

SIDE = 96


class Stl10(OfficialFiles):
    """STL-10: 96x96 RGB. Its 100,000 images without labels train; the 5,000 with labels are kNN's bank and the probe's.

    The folder is `stl10_binary`. The images without labels lie on disk and are mapped, not read: 2.6 GiB.
    """

    source: ClassVar[str] = "Coates, Ng and Lee 2011, An analysis of single-layer networks in unsupervised learning"
    licence: ClassVar[str] = "ImageNet's terms of access: research without commercial use"
    sizes: ClassVar[tuple[int, int] | None] = (100_000, 8_000)
    labelled: ClassVar[int | None] = 5_000
    class_count: ClassVar[int | None] = 10
    below: ClassVar[str] = "stl10_binary"
    torchvisions: ClassVar[str] = "STL10"

    name: Literal["stl10"] = "stl10"

    @property
    def _checksums(self) -> dict[str, str]:
        return dict((*self.known.train_list, *self.known.test_list))

    def files(self) -> Iterable[str]:
        return [*self._checksums, "class_names.txt"]

    def load(self, split: SplitName) -> Arrays:
        import numpy as np

        self.download_missing()
        known = self._checksums
        if split == "unlabelled":
            return Arrays(_mapped(self.folder / "unlabeled_X.bin", known["unlabeled_X.bin"]), None)
        images, labels = (
            np.frombuffer(verified_bytes(self.folder / name, known[name]), np.uint8)
            for name in (f"{split}_X.bin", f"{split}_y.bin")
        )
        return Arrays(_upright(images), labels.astype(np.int64) - 1)

    def class_names(self) -> Sequence[str]:
        self.download_missing()
        path = self.folder / "class_names.txt"
        try:
            return tuple(path.read_text(encoding="utf-8").split())
        except (OSError, ValueError) as error:
            raise not_there(path, error) from None


def _mapped(path: Path, md5: str) -> Array:
    """The images of a file with a known checksum, mapped into memory and not loaded."""
    import numpy as np

    check_regular(path, "`root` must name the folder of the data set")
    try:
        with open(path, "rb") as content:
            found = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        images: Array = np.memmap(path, np.uint8, "r")
    except (OSError, ValueError) as error:
        raise not_there(path, error) from None
    check_md5(path, found, md5)
    return _upright(images)


def _upright(pixels: Array) -> Array:
    """The images as rows of pixels: the files hold each channel column by column."""
    return pixels.reshape(-1, 3, SIDE, SIDE).swapaxes(2, 3)
