import math

import pytest
import torch
from torch.nn.functional import normalize

from moco_bench.components.negatives import All, DropHardest, Hardest, Random
from moco_bench.contrast.diagnostics import negative_diagnostics
from moco_bench.contrast.pairs import AtStep


def at_angles(*degrees):
    angles = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return torch.stack([angles.cos(), angles.sin()], dim=1)


# Two queries at 0 and 90 degrees, their keys 60 degrees off, a queue at 0, 60, 90 and 180 degrees.
QUERY, KEY, QUEUE = at_angles(0, 90), at_angles(60, 150), at_angles(0, 60, 90, 180)
LABELS = {"sample_labels": torch.tensor([1, 2]), "queue_labels": torch.tensor([1, 2, 1, -1])}


@pytest.fixture(params=[None, 1, 3], ids=["whole", "chunks of 1", "chunks of 3"], autouse=True)
def _widths(request, chunks_of):
    chunks_of(request.param)


def test_a_hand_counted_case():
    # The first query keeps the keys at 0 and 60 degrees (labels 1, 2), drops 90 and 180 (1, unknown);
    # the second keeps 90 and 60 (1, 2), drops 0 or 180, both at similarity 0: the drop is 180 and 0 (unknown, 1).
    assert negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, negatives=Hardest(count=2), **LABELS) == {
        "positive_similarity": pytest.approx(0.5),
        "negative_similarity": pytest.approx((1 + 0.5 + 1 + 0.75**0.5) / 4),
        "false_negative_rate_kept": pytest.approx(2 / 4),
        "false_negative_rate_dropped": pytest.approx(1 / 2),
        "kept_mass": pytest.approx((mass(0, 60) / mass(0, 60, 90, 180) + mass(0, 30) / mass(0, 30, 90, 90)) / 2),
    }


def mass(*degrees):
    return sum(math.exp(math.cos(math.radians(angle)) / 0.2) for angle in degrees)


def test_all_hold_the_whole_mass_and_own_images_none():
    assert negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2)["kept_mass"] == 1
    images = {"sample_index": torch.tensor([4, 5]), "queue_index": torch.tensor([4, 9, 5, -1])}
    found = negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, negatives=Hardest(count=1), **images)
    assert found["kept_mass"] == pytest.approx((mass(60) / mass(60, 90, 180) + mass(30) / mass(30, 90, 90)) / 2)
    own = {"sample_index": torch.zeros(2, dtype=torch.int64), "queue_index": torch.zeros(4, dtype=torch.int64)}
    assert negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, **own)["kept_mass"] is None


def test_nothing_is_dropped_by_all():
    found = negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, negatives=All(), **LABELS)
    assert found["false_negative_rate_dropped"] is None
    assert found["false_negative_rate_kept"] == pytest.approx(3 / 6)
    assert found["negative_similarity"] == pytest.approx((QUERY @ QUEUE.T).mean().item())
    assert found == negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, **LABELS)


def test_pairs_of_one_image_are_neither_kept_nor_dropped():
    images = {"sample_index": torch.tensor([4, 5]), "queue_index": torch.tensor([4, 9, 5, -1])}
    # Without the keys of their own images (slots 0 and 2) the first query keeps 60 degrees (label 2) and drops
    # 90 and 180 (1, unknown), the second keeps 60 (2) and drops 0 and 180 (1, unknown).
    found = negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, negatives=Hardest(count=1), **images, **LABELS)
    assert found["negative_similarity"] == pytest.approx((0.5 + 0.75**0.5) / 2)
    assert found["false_negative_rate_kept"] == pytest.approx(1 / 2)
    assert found["false_negative_rate_dropped"] == pytest.approx(1 / 2)


def test_without_labels_or_candidates_there_is_no_rate():
    found = negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, negatives=DropHardest(count=1))
    assert found["false_negative_rate_kept"] is found["false_negative_rate_dropped"] is None
    unknown = {"sample_labels": torch.tensor([-1, -1]), "queue_labels": torch.tensor([-1, 0, 1, 2])}
    assert negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, **unknown)["false_negative_rate_kept"] is None
    one_image = {"sample_index": torch.zeros(2, dtype=torch.int64), "queue_index": torch.zeros(4, dtype=torch.int64)}
    assert negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, **one_image)["negative_similarity"] is None


def test_of_a_random_rule_the_draw_of_the_loss_is_seen():
    generator = torch.Generator().manual_seed(3)
    query, key, queue = (normalize(torch.randn(n, 4, generator=generator), dim=1) for n in (4, 4, 32))

    def seen(seed):
        rule = AtStep(Random(count=8), torch.Generator().manual_seed(seed))
        return negative_diagnostics(query, key, queue, temperature=0.2, negatives=rule)

    assert seen(1) == seen(1) != seen(2)


def test_autocast_does_not_coarsen_it():
    query, key, queue = (rows.float() for rows in (QUERY, KEY, QUEUE))
    exact = negative_diagnostics(query, key, queue, temperature=0.2, negatives=Hardest(count=2), **LABELS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert negative_diagnostics(query, key, queue, temperature=0.2, negatives=Hardest(count=2), **LABELS) == exact


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="sample_labels must have shape"):
        negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, sample_labels=torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="queue_labels must be of an integer type"):
        negative_diagnostics(QUERY, KEY, QUEUE, temperature=0.2, queue_labels=torch.zeros(4))
