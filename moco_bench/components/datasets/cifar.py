"""CIFAR-10 and CIFAR-100."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from moco_bench.components.datasets.base import Arrays, SplitName
from moco_bench.components.datasets.checksums import OfficialFiles, unpickled


class Cifar(OfficialFiles):
    """Pickled batches of 32x32 RGB.

    Attributes:
        label_key: where a batch has its labels.
    """

    source: ClassVar[str] = "Krizhevsky 2009, Learning multiple layers of features from tiny images"
    licence: ClassVar[str] = "none stated by its authors"
    sizes: ClassVar[tuple[int, int] | None] = (50_000, 10_000)
    label_key: ClassVar[str]

    def files(self) -> Iterable[str]:
        known = self.known
        return [known.meta["filename"], *(name for name, _ in (*known.train_list, *known.test_list))]

    def load(self, split: SplitName) -> Arrays:
        import numpy as np

        self.download_missing()
        files = self.known.train_list if split == "train" else self.known.test_list
        batches = [unpickled(self.folder / name, md5) for name, md5 in files]
        images = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
        return Arrays(images, np.concatenate([batch[self.label_key] for batch in batches]))

    def class_names(self) -> Sequence[str]:
        self.download_missing()
        meta = self.known.meta
        return tuple(unpickled(self.folder / meta["filename"], meta["md5"])[meta["key"]])


class Cifar10(Cifar):
    """CIFAR-10: 32x32 RGB."""

    class_count: ClassVar[int | None] = 10
    torchvisions: ClassVar[str] = "CIFAR10"
    label_key: ClassVar[str] = "labels"
    below: ClassVar[str] = "cifar-10-batches-py"

    name: Literal["cifar10"] = "cifar10"


class Cifar100(Cifar):
    """CIFAR-100, its 100 fine classes: 32x32 RGB."""

    class_count: ClassVar[int | None] = 100
    torchvisions: ClassVar[str] = "CIFAR100"
    label_key: ClassVar[str] = "fine_labels"
    below: ClassVar[str] = "cifar-100-python"

    name: Literal["cifar100"] = "cifar100"
