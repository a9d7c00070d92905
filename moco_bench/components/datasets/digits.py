"""Handwritten digits, for tests."""

from importlib import util
from pathlib import Path
from typing import ClassVar, Literal

from moco_bench.components.datasets.base import Arrays, Dataset, SplitName


class Digits(Dataset):
    """scikit-learn's handwritten digits: 8x8, one channel. For tests.

    They come without a split: a fifth of each class, always the same images, is the test split. The 17 levels of
    intensity are scaled to 0-255.
    """

    source: ClassVar[str] = "Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits (UCI)"
    licence: ClassVar[str] = "CC BY 4.0"
    sizes: ClassVar[tuple[int, int] | None] = (1_438, 359)
    class_count: ClassVar[int | None] = 10
    test_part: ClassVar[float] = 0.2

    name: Literal["digits"] = "digits"

    def load(self, split: SplitName) -> Arrays:
        import numpy as np

        from moco_bench.components.datasets.parts import held_out_places

        # The file alone: `sklearn.datasets` imports scipy.stats and pandas, a third of what a tiny run takes.
        library = util.find_spec("sklearn")
        assert library is not None, "scikit-learn is a dependency"
        table = np.loadtxt(Path(str(library.origin)).parent / "datasets/data/digits.csv.gz", delimiter=",")
        images, labels = table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(np.int64)
        kept, held = held_out_places(labels, self.test_part)
        chosen = kept if split == "train" else held
        return Arrays(np.rint(images * (255 / 16)).astype(np.uint8)[chosen], labels[chosen])
