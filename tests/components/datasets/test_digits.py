"""Digits are read from scikit-learn's file without importing scikit-learn."""

import subprocess
import sys

import numpy as np
from sklearn.datasets import load_digits

from moco_bench.components.datasets.digits import Digits


def test_both_splits_together_are_scikit_learns_digits():
    splits = [Digits().load(split) for split in ("train", "test")]
    bunch = load_digits()
    levels = np.rint(bunch.images * (255 / 16)).astype(np.uint8)

    def as_set(images, labels):
        return sorted((image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True))

    ours = [pair for split in splits for pair in as_set(split.images, split.labels)]
    assert [len(split.labels) for split in splits] == list(Digits.sizes)
    assert sorted(ours) == as_set(levels, bunch.target)
    assert {split.labels.dtype for split in splits} == {bunch.target.dtype}


def test_reading_them_imports_no_scikit_learn():
    code = (
        "import sys; from moco_bench.components.datasets.digits import Digits; Digits().load('train'); "
        "sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
