"""Fashion-MNIST, whole."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from moco_bench.components.datasets.base import Arrays, SplitName
from moco_bench.components.datasets.checksums import OfficialFiles, verified_bytes

# Of the unpacked files; torchvision knows those of the archives only.
FASHION_MNIST_MD5 = {
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}


class FashionMnist(OfficialFiles):
    """Fashion-MNIST: 28x28, one channel."""

    source: ClassVar[str] = "Xiao et al. 2017 (arXiv 1708.07747)"
    licence: ClassVar[str] = "MIT"
    sizes: ClassVar[tuple[int, int] | None] = (60_000, 10_000)
    class_count: ClassVar[int | None] = 10
    below: ClassVar[str] = "FashionMNIST/raw"
    torchvisions: ClassVar[str] = "FashionMNIST"

    name: Literal["fashion-mnist"] = "fashion-mnist"

    def files(self) -> Iterable[str]:
        return FASHION_MNIST_MD5

    def load(self, split: SplitName) -> Arrays:
        import numpy as np

        self.download_missing()
        part = {"train": "train", "test": "t10k"}[split]
        images, labels = (
            np.frombuffer(verified_bytes(self.folder / name, FASHION_MNIST_MD5[name]), np.uint8, offset=header)
            for name, header in ((f"{part}-images-idx3-ubyte", 16), (f"{part}-labels-idx1-ubyte", 8))
        )
        return Arrays(images.reshape(-1, 28, 28).copy(), labels)

    def class_names(self) -> Sequence[str]:
        return tuple(self.known.classes)
