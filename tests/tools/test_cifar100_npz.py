"""Every copy of CIFAR-100 becomes the same file, whatever the order of its images."""

import numpy as np
import pytest

from tools.cifar100_npz import in_own_order, main

RANDOM = np.random.default_rng(0)


@pytest.fixture
def arrays():
    def split(count):
        return RANDOM.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8), RANDOM.integers(0, 100, count)

    (x_train, y_train), (x_test, y_test) = split(30), split(9)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test, "classes": np.array(["a", "b"])}


def test_the_order_of_a_copy_does_not_matter(tmp_path, arrays):
    shuffled = RANDOM.permutation(30)
    other = {**arrays, "x_train": arrays["x_train"][shuffled], "y_train": arrays["y_train"][shuffled]}
    made = []
    for name, copy in (("one", arrays), ("other", other)):
        np.savez(tmp_path / f"{name}.npz", **copy)
        main(tmp_path / f"{name}.npz", tmp_path / f"{name}-made.npz")
        made.append(np.load(tmp_path / f"{name}-made.npz"))
    one, another = made
    assert set(one) == set(arrays)
    for key in one:
        np.testing.assert_array_equal(one[key], another[key])
    pairs = {(image.tobytes(), int(label)) for image, label in zip(one["x_train"], one["y_train"], strict=True)}
    assert pairs == {
        (image.tobytes(), int(label)) for image, label in zip(arrays["x_train"], arrays["y_train"], strict=True)
    }


def test_equal_images_are_sorted_by_label():
    images = np.zeros((3, 4, 4, 3), dtype=np.uint8)
    assert in_own_order(images, np.array([7, 2, 5]))[1].tolist() == [2, 5, 7]
