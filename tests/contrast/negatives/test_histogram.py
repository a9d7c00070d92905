import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moco_bench.contrast.negatives import histogram
from moco_bench.contrast.negatives.radix import score_at

EXTREMES = [0.0, -0.0, 1.0, -1.0, float("-inf"), float("inf"), 1e-45, -1e-45, 3e38, -1e30]
FLOATS = st.one_of(st.sampled_from(EXTREMES), st.floats(-1, 1, width=32))


def cuts_of(scores, counts, *, width=5, sample=None, limit=10**6):
    """The cuts, and the rows that were too crowded for a histogram."""
    crowded = []

    def observed(passes, rows, count):
        crowded.extend(rows.tolist())
        return score_at(passes, rows, count)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram, "score_at", observed)
        found = histogram.streamed_cuts(
            lambda: iter(scores.split(width, dim=1)),
            counts,
            sample=scores[:, ::2] if sample is None else sample,
            limit=limit,
        )
    return found, crowded


def assert_cuts_the_highest(scores, counts, found):
    for count, cut in zip(counts, found, strict=True):
        highest = scores.sort(dim=1, descending=True).values
        assert cut.value.dtype == scores.dtype
        assert cut.value.flatten().tolist() == highest[:, count - 1].tolist()
        inside = count - (scores > cut.value).sum(dim=1)
        tied = (scores == cut.value).sum(dim=1)
        assert (tied if cut.ties is None else cut.ties.flatten()).equal(inside)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.integers(3, 12).flatmap(
        lambda size: st.lists(st.lists(FLOATS, min_size=size, max_size=size), min_size=1, max_size=4)
    ),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    limit=st.integers(1, 12),
    data=st.data(),
)
def test_cuts_of_any_scores(rows, dtype, limit, data):
    scores = torch.tensor(rows, dtype=dtype)
    counts = data.draw(st.lists(st.integers(1, scores.shape[1]), min_size=1, max_size=2))
    width = data.draw(st.integers(1, scores.shape[1]))
    assert_cuts_the_highest(scores, counts, cuts_of(scores, counts, width=width, limit=limit)[0])


@pytest.mark.parametrize("centre", [0.0, 0.9, 1000.0])
@pytest.mark.parametrize("spread", [1.0, 1e-3])
def test_ordinary_scores_are_never_crowded(centre, spread):
    noise = torch.randn(8, 4096, generator=torch.Generator().manual_seed(0))
    scores = centre + spread * noise
    counts = [1, 41, 1024, 4000]
    found, crowded = cuts_of(scores, counts, width=500, limit=128)
    assert crowded == []
    assert_cuts_the_highest(scores, counts, found)


def test_a_misleading_sample_costs_time_but_no_exactness():
    scores = torch.randn(8, 4096, generator=torch.Generator().manual_seed(0))
    for sample in (scores[:, :1], 50 + scores[:, :100], torch.full((8, 5), -1e30)):
        found, crowded = cuts_of(scores, [300], width=500, sample=sample, limit=128)
        assert sorted(crowded) == list(range(8))
        assert_cuts_the_highest(scores, [300], found)


def test_only_crowded_rows_are_told_apart_by_their_bits():
    scores = torch.randn(3, 400, generator=torch.Generator().manual_seed(0))
    scores[1, :350] = 0.25
    found, crowded = cuts_of(scores, [100], width=64, limit=32)
    assert crowded == [1]
    assert_cuts_the_highest(scores, [100], found)


def test_a_row_of_nans_harms_no_other():
    scores = torch.randn(3, 400, generator=torch.Generator().manual_seed(0))
    spoilt = scores.clone()
    spoilt[1] = torch.nan
    (found,), _ = cuts_of(spoilt, [100], width=64, limit=32)
    (expected,), _ = cuts_of(scores, [100], width=64, limit=32)
    assert found.value[[0, 2]].equal(expected.value[[0, 2]])
