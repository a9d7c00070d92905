import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moco_bench.contrast.negatives import mass as by_mass
from moco_bench.contrast.negatives.mass import streamed_mass_cut
from moco_bench.contrast.negatives.radix import score_at_mass
from moco_bench.contrast.negatives.selection import mass_cut


def cut_of(scores, share=0.5, temperature=0.1, *, width=5, sample=None, limit=10**6):
    return streamed_mass_cut(
        lambda: iter(scores.split(width, dim=1)), share, temperature,
        sample=scores[:, ::2] if sample is None else sample, limit=limit,
    )  # fmt: skip


def assert_same(found, expected, scores):
    assert found.value.equal(expected.value)
    tied = (scores == found.value).sum(dim=1, keepdim=True)
    assert (tied if found.ties is None else found.ties).equal(tied if expected.ties is None else expected.ties)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.integers(3, 12).flatmap(
        lambda size: st.lists(
            st.lists(st.floats(-1, 1, width=32), min_size=size, max_size=size), min_size=1, max_size=4
        )
    ),
    share=st.floats(0.01, 0.99),
    temperature=st.sampled_from([0.002, 0.05, 0.2, 5.0]),
    limit=st.integers(1, 12),
    width=st.integers(1, 12),
)
def test_the_cut_is_that_of_sorted_rows(rows, share, temperature, limit, width):
    scores = torch.tensor(rows)
    found = cut_of(scores, share, temperature, width=width, limit=limit)
    assert_same(found, mass_cut(scores, share, temperature), scores)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("temperature", [0.01, 0.1, 1.0])
def test_ordinary_scores_need_no_more_than_their_bins(share, temperature, monkeypatch):
    monkeypatch.setattr(by_mass, "score_at_mass", lambda *_: pytest.fail("rows were told apart by their bits"))
    scores = 0.1 * torch.randn(8, 4096, generator=torch.Generator().manual_seed(0))
    found = cut_of(scores, share, temperature, width=500, limit=128)
    assert_same(found, mass_cut(scores, share, temperature), scores)


def test_only_crowded_rows_take_further_passes(monkeypatch):
    scores = torch.randn(3, 400, generator=torch.Generator().manual_seed(0)).div_(10)
    scores[1, :350] = 0.25
    told_apart = []

    def observed(passes, share, temperature):
        told_apart.append(sum(part.shape[1] for part in passes()))
        assert {len(part) for part in passes()} == {1}
        return score_at_mass(passes, share, temperature)

    monkeypatch.setattr(by_mass, "score_at_mass", observed)
    found = cut_of(scores, width=64, limit=32)
    assert told_apart == [400]
    assert_same(found, mass_cut(scores, 0.5, 0.1), scores)


@pytest.mark.parametrize("sample", [slice(0, 1), slice(0, 3)])
def test_a_bad_sample_costs_time_but_no_exactness(sample):
    scores = 0.1 * torch.randn(8, 1024, generator=torch.Generator().manual_seed(0))
    assert_same(cut_of(scores, sample=scores[:, sample], limit=32), mass_cut(scores, 0.5, 0.1), scores)


def test_blocked_pairs_and_nans_harm_no_other():
    scores = torch.randn(3, 400, generator=torch.Generator().manual_seed(0)).div_(10)
    scores[0, ::3] = -1e30
    spoilt = scores.clone()
    spoilt[1] = torch.nan
    found, expected = cut_of(spoilt, limit=64), mass_cut(scores, 0.5, 0.1)
    assert found.value[[0, 2]].equal(expected.value[[0, 2]])
