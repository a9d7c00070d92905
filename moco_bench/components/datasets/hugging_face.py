"""A data set of Hugging Face, from a copy on this machine."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from moco_bench.components.base import NOT_IDENTITY
from moco_bench.components.datasets.base import Arrays, Dataset, SplitName
from moco_bench.components.datasets.paths import user_path
from moco_bench.components.types import Array
from moco_bench.errors import InputError


class HuggingFace(Dataset):
    """A folder that `datasets.load_dataset(...).save_to_disk(path)` wrote. Needs `pip install datasets`.

    Nothing is downloaded. Images are RGB; where they are of several sizes, give an `image_size`.
    """

    source: ClassVar[str] = "Lhoest et al. 2021, Datasets (arXiv 2109.02846)"

    name: Literal["hf"] = "hf"
    path: str = Field(description="The folder, with all splits.", json_schema_extra=NOT_IDENTITY)
    image_column: str = Field("image", description="The column of images.")
    label_column: str = Field("label", description="The column of labels, whole numbers from 0.")
    train_split: str = Field("train", description="Its name there.")
    test_split: str = Field("test", description="Its name there; that of the split to evaluate on.")

    def load(self, split: SplitName) -> Arrays:
        import numpy as np

        rows = self._rows(self.train_split if split == "train" else self.test_split)
        return Arrays(self._images(rows), np.asarray(rows[self.label_column]))

    def class_names(self) -> Sequence[str] | None:
        names = getattr(self._rows(self.train_split).features[self.label_column], "names", None)
        return None if names is None else tuple(map(str, names))

    def _images(self, rows: Any) -> Iterator[Array]:
        """Decode images one at a time: together they may not fit into memory."""
        import numpy as np

        for index in range(len(rows)):
            image = rows[index][self.image_column]
            yield np.asarray(image.convert("RGB"))

    def _rows(self, split: str) -> Any:
        try:
            import datasets
        except ImportError:
            raise InputError("dataset hf: the package datasets isn't installed; `pip install datasets`") from None
        path = user_path(self.path, "dataset hf, path")
        try:
            whole = datasets.load_from_disk(str(path))
        except Exception as error:
            raise InputError(
                f"{path}: not a folder that `save_to_disk` of Hugging Face's datasets wrote ({str(error)[:200]})"
            ) from None
        if not isinstance(whole, datasets.DatasetDict):
            raise InputError(f"{path}: a single split; save all splits together, as `DatasetDict.save_to_disk` does")
        if split not in whole:
            raise InputError(f"{path}: no split {split!r}; it has {', '.join(map(str, whole))}")
        rows = whole[split]
        for column in (self.image_column, self.label_column):
            if column not in rows.features:
                raise InputError(f"{path}: no column {column!r}; it has {', '.join(rows.features)}")
        if not isinstance(rows.features[self.image_column], datasets.Image):
            raise InputError(f"{path}: the column {self.image_column!r} holds no images")
        return rows
