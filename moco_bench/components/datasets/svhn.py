"""Street View House Numbers, cropped digits."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal

from moco_bench.components.datasets.base import Arrays, SplitName
from moco_bench.components.datasets.checksums import OfficialFiles, verified_bytes


class Svhn(OfficialFiles):
    """SVHN, format 2: house numbers cropped to one digit, 32x32 RGB, from `train_32x32.mat` and `test_32x32.mat`.

    The `extra` images aren't used. The files call a zero 10; here it is class 0.
    """

    source: ClassVar[str] = "Netzer et al. 2011, Reading digits in natural images with unsupervised feature learning"
    licence: ClassVar[str] = "for use without commerce only"
    sizes: ClassVar[tuple[int, int] | None] = (73_257, 26_032)
    class_count: ClassVar[int | None] = 10
    torchvisions: ClassVar[str] = "SVHN"

    name: Literal["svhn"] = "svhn"

    def files(self) -> Iterable[str]:
        return [self.known.split_list[split][1] for split in ("train", "test")]

    def places(self) -> tuple[str, ...]:
        return () if self.download else tuple(f"{self.root or 'data'}/{name}_32x32.mat" for name in ("train", "test"))

    def fetch(self, root: Path) -> None:
        for split in ("train", "test"):
            self.known(root, split=split, download=True)

    def load(self, split: SplitName) -> Arrays:
        from scipy.io import loadmat

        self.download_missing()
        _, name, md5 = self.known.split_list[split]  # the first is the address
        content: dict[str, Any] = loadmat(io.BytesIO(verified_bytes(self.folder / name, md5)))
        return Arrays(content["X"].transpose(3, 2, 0, 1), content["y"].astype("int64").reshape(-1) % 10)
