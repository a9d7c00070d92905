"""An independent formulation of losses and selections: numpy, float64, one anchor and one key at a time."""

import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from moco_bench.components.negatives import All, Band, DropHardest, Easiest, Hardest, Random, Threshold
from moco_bench.contrast import chunks

sys.path.insert(0, str(Path(__file__).parent))  # tests import what they share, `losses.py`, by name

MASK32 = 0xFFFFFFFF


def _lowbias32(value):
    value = (value ^ value >> 16) * 0x7FEB352D & MASK32
    value = (value ^ value >> 15) * 0x846CA68B & MASK32
    return value ^ value >> 16


def random_score(row, column, seed):
    of_row = _lowbias32(_lowbias32(row) + seed[0] & MASK32)
    of_column = _lowbias32(_lowbias32(column) + seed[1] & MASK32)
    unsigned = _lowbias32(of_row ^ of_column)
    return (unsigned - 2**32 if unsigned >= 2**31 else unsigned) >> 8


def _share(rule, size):
    return max(1, round(rule.fraction * size)) if rule.count is None else rule.count


def _holding(mass, hardest, similarity, temperature):
    """The fewest of `hardest`, in this order, that hold a share of the softmax mass."""
    weights = [math.exp(similarity[j] / temperature) for j in hardest]
    needed = mass * math.fsum(weights) * (1 - 1e-9)
    return next(count for count in range(1, len(weights) + 1) if math.fsum(weights[:count]) >= needed)


def kept_slots(rule, similarity, candidates, row=0, seed=(0, 0), temperature=0.1):
    """The slots that `rule` keeps of `candidates`, given the similarity of one anchor to the whole queue."""
    size = len(similarity)
    hardest = sorted(candidates, key=lambda j: (-similarity[j], j))
    match rule:
        case All():
            return set(candidates)
        case Hardest(mass=float(mass)):
            return set(hardest[: _holding(mass, hardest, similarity, temperature)]) if hardest else set()
        case Hardest():
            return set(hardest[: _share(rule, size)])
        case Easiest():
            return set(sorted(candidates, key=lambda j: (similarity[j], j))[: _share(rule, size)])
        case Random():
            drawn = sorted(candidates, key=lambda j: (-random_score(row, j, seed), j))
            return set(drawn[: _share(rule, size)])
        case DropHardest():
            return set(hardest[_share(rule, size) :])
        case Band():
            first = min(round(rule.inner * size), size - 1)
            return set(hardest[first : max(first + 1, round(rule.outer * size))])
        case Threshold():
            return {j for j in candidates if similarity[j] > rule.similarity} | set(hardest[: rule.minimum])


def selection(rule, anchors, queue, sample_index=None, queue_index=None, seed=(0, 0), temperature=0.1):
    """`kept_slots` of every anchor."""
    kept = []
    for i, anchor in enumerate(anchors):
        similarity = [float(np.dot(anchor, other)) for other in queue]
        blocked = [sample_index is not None and sample_index[i] == queue_index[j] for j in range(len(queue))]
        candidates = [j for j in range(len(queue)) if not blocked[j]]
        kept.append(kept_slots(rule, similarity, candidates, i, seed, temperature))
    return kept


def negative_sums(anchors, queue, kept, temperature):
    return [
        sum(math.exp(np.dot(anchor, queue[j]) / temperature) for j in slots)
        for anchor, slots in zip(anchors, kept, strict=True)
    ]


def loss(query, key, queue, *, temperature, dual_view, key_weight, kept, kept_of_key=None, query_queue=None, sums=None):
    """The total of methods.md for selections that are given.

    `sums`: the negatives' sums to hold constant in the control `scaled-positive`.
    """
    positive = [math.exp(np.dot(q, k) / temperature) for q, k in zip(query, key, strict=True)]

    def term(negatives):
        return np.mean([-math.log(p / (p + n)) for p, n in zip(positive, negatives, strict=True)])

    query_term = term(negative_sums(query, queue, kept, temperature))
    match dual_view:
        case "none":
            return query_term
        case "key-anchored":
            key_term = term(negative_sums(key, queue, kept_of_key, temperature))
        case "query-queue":
            key_term = term(negative_sums(key, query_queue, kept_of_key, temperature))
        case "scaled-positive":
            key_term = term(sums)
        case "key-in-batch":
            rows = [[math.exp(np.dot(k, q) / temperature) for q in query] for k in key]
            key_term = np.mean([-math.log(row[i] / sum(row)) for i, row in enumerate(rows)])
    return (1 - key_weight) * query_term + key_weight * key_term


@pytest.fixture(scope="session")
def reference():
    return SimpleNamespace(
        loss=loss, selection=selection, kept_slots=kept_slots, negative_sums=negative_sums, random_score=random_score
    )


@pytest.fixture
def chunks_of(monkeypatch):
    """Force the queue to be taken in chunks of some width (None: the usual), with similarities stored or not."""

    def force(width, stored=False):
        monkeypatch.setattr(chunks, "STORED_PAIRS", 2**40 if stored else 0)
        if width is not None:
            monkeypatch.setattr(chunks, "MINIMUM_WIDTH", width)
            monkeypatch.setattr(chunks, "CHUNK_PAIRS", 1)

    return force


def unit_rows(count, dimension, generator, dtype=torch.float64):
    return torch.nn.functional.normalize(torch.randn(count, dimension, generator=generator, dtype=dtype), dim=1)


def coarse_rows(count, dimension, generator, dtype=torch.float64):
    """Unit rows of few distinct values, whose products are exact in any order of summation: full of true ties."""
    signs = torch.randint(0, 2, (count, dimension), generator=generator).to(dtype) * 2 - 1
    return signs / math.sqrt(dimension)


@pytest.fixture(scope="session")
def batch_of():
    """Builds the arguments of a loss: B anchors, K keys, of which several share an image with an anchor."""

    def build(rows=3, size=11, dimension=4, seed=0, dtype=torch.float64, ties=False):
        generator = torch.Generator().manual_seed(seed)
        draw = coarse_rows if ties else unit_rows
        query, key, queue, query_queue = (
            draw(count, dimension, generator, dtype) for count in (rows, rows, size, size)
        )
        images = torch.randint(-1, 2 * rows, (size,), generator=generator)
        return SimpleNamespace(
            query=query, key=key, queue=queue, query_queue=query_queue,
            sample_index=torch.arange(rows), queue_index=images,
        )  # fmt: skip

    return build
