import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from moco_bench.errors import InputError
from moco_bench.evaluate import knn
from moco_bench.evaluate.knn import knn_predict, percent_correct


def clusters(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Overlapping classes, so that votes are close."""
    centres = torch.randn(5, 12, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(5, (count,), generator=generator)
    return centres[labels] + 1.5 * torch.randn(count, 12, generator=generator), labels


BANK, BANK_LABELS = clusters(300, seed=1)
QUERIES, QUERY_LABELS = clusters(120, seed=2)


@pytest.mark.parametrize("k", [1, 7, 100, 300])
@pytest.mark.parametrize("temperature", [0.02, 0.1, 1.0])
def test_predictions_equal_scikit_learns_with_the_same_weights(k, temperature):
    reference = KNeighborsClassifier(
        k, metric="cosine", algorithm="brute", weights=lambda distance: np.exp((1 - distance) / temperature)
    ).fit(BANK.numpy(), BANK_LABELS.numpy())
    expected = reference.predict(QUERIES.numpy())
    found = knn_predict(BANK, BANK_LABELS, QUERIES, k=k, temperature=temperature, class_count=5)
    assert found.tolist() == expected.tolist()


def test_accuracy_equals_a_loop_over_pairs():
    k, temperature, correct = 9, 0.1, 0
    for query, label in zip(QUERIES.double(), QUERY_LABELS.tolist(), strict=True):
        similarities = [float(query @ row / (query.norm() * row.norm())) for row in BANK.double()]
        nearest = sorted(range(300), key=lambda index: -similarities[index])[:k]
        votes = [0.0] * 5
        for index in nearest:
            votes[int(BANK_LABELS[index])] += math.exp(similarities[index] / temperature)
        correct += votes.index(max(votes)) == label
    predicted = knn_predict(BANK, BANK_LABELS, QUERIES, k=k, temperature=temperature, class_count=5)
    found = percent_correct(predicted, QUERY_LABELS)
    assert 20 < found < 100
    assert found == pytest.approx(100 * correct / 120)


def test_the_length_of_features_does_not_matter():
    scales = torch.rand(300, 1, generator=torch.Generator().manual_seed(3)) + 0.1
    settings = {"k": 11, "temperature": 0.1, "class_count": 5}
    expected = knn_predict(BANK, BANK_LABELS, QUERIES, **settings)
    assert torch.equal(knn_predict(BANK * scales, BANK_LABELS, 3 * QUERIES, **settings), expected)


def test_ties_go_to_the_first_images_of_the_bank_and_then_to_the_lowest_class():
    bank = torch.tensor([[1.0, 0.0]] * 6 + [[0.0, 1.0]])
    query = torch.tensor([[1.0, 0.0]])
    [(similarities, indices)] = list(knn.nearest(bank, query, 4))
    assert indices.tolist() == [[0, 1, 2, 3]]
    assert similarities.tolist() == [[1.0] * 4]
    labels = torch.tensor([2, 1, 1, 2, 0, 0, 0])
    assert knn_predict(bank, labels, query, k=4, temperature=0.1, class_count=3).tolist() == [1]


def test_many_ties_are_listed_in_the_order_of_the_bank():
    [(_, indices)] = list(knn.nearest(torch.ones(5000, 1), torch.ones(2, 1), 3000))
    assert torch.equal(indices, torch.arange(3000).expand(2, -1))


def test_ties_behind_a_nearer_image():
    bank = torch.tensor([[0.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    [(_, indices)] = list(knn.nearest(bank, torch.tensor([[1.0, 0.0]]), 3))
    assert indices.tolist() == [[3, 1, 2]]


def test_a_small_temperature_does_not_overflow():
    found = knn_predict(BANK, BANK_LABELS, QUERIES, k=50, temperature=1e-4, class_count=5)
    assert torch.equal(found, knn_predict(BANK, BANK_LABELS, QUERIES, k=1, temperature=1.0, class_count=5))


def test_chunks_change_nothing(monkeypatch):
    settings = {"k": 20, "temperature": 0.1, "class_count": 5}
    whole = knn_predict(BANK, BANK_LABELS, QUERIES, **settings)
    monkeypatch.setattr(knn, "CHUNK_ELEMENTS", 7 * 300)
    assert len(list(knn.nearest(BANK, QUERIES, 20))) == math.ceil(120 / 7)
    assert torch.equal(knn_predict(BANK, BANK_LABELS, QUERIES, **settings), whole)


def test_more_neighbours_than_images_are_refused():
    with pytest.raises(InputError, match="301 neighbours were asked for, but there are 300"):
        knn_predict(BANK, BANK_LABELS, QUERIES, k=301, temperature=0.1, class_count=5)
