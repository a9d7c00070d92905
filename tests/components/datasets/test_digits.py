"""Digits are read from scikit-learn's file without importing scikit-learn."""

import subprocess
import sys

import numpy as np
from sklearn.datasets import load_digits

from moco_bench.components.datasets.digits import Digits
from moco_bench.components.datasets.parts import held_out_places


def test_both_splits_together_are_scikit_learns_digits():
    splits = [Digits().load(split) for split in ("train", "test")]
    bunch = load_digits()
    levels = np.rint(bunch.images * (255 / 16)).astype(np.uint8)

    assert [len(split.labels) for split in splits] == list(Digits.sizes)
    for split, places in zip(splits, held_out_places(bunch.target, Digits.test_part), strict=True):
        assert np.array_equal(split.images, levels[places]), "in the same order"
        assert np.array_equal(split.labels, bunch.target[places])
    assert {split.labels.dtype for split in splits} == {bunch.target.dtype}


def test_reading_them_imports_no_scikit_learn():
    code = (
        "import sys; from moco_bench.components.datasets.digits import Digits; Digits().load('train'); "
        "sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
