import base64

import numpy as np
import torch

from moco_bench.evaluate.outcomes import packed_counts, packed_outcomes


def test_one_bit_for_each_image_in_their_order():
    labels = torch.tensor([0, 1, 2, 2, 1, 0, 0, 1, 2, 2])
    knn = torch.tensor([0, 1, 2, 0, 0, 0, 1, 1, 2, 0])

    packed = packed_outcomes({"knn": knn, "linear": labels}, labels, classes=4)

    bits = np.unpackbits(np.frombuffer(base64.b64decode(packed["correct"]["knn"]), np.uint8))[: packed["count"]]
    assert bits.tolist() == [1, 1, 1, 0, 0, 1, 0, 1, 1, 0]
    assert packed["class_counts"] == packed["class_correct"]["linear"] == [3, 3, 4, 0]
    assert packed["class_correct"]["knn"] == [2, 2, 2, 0]


def test_one_byte_for_each_image_where_it_was_asked_for_several_times():
    packed = packed_counts(torch.tensor([0, 15, 7], dtype=torch.uint8), of=15)

    assert packed["of"] == 15
    assert list(base64.b64decode(packed["right"])) == [0, 15, 7]
