import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moco_bench.contrast.negatives.radix import streamed_cuts


def cuts_of(scores, counts, width):
    return streamed_cuts(lambda: iter(scores.split(width, dim=1)), counts)


def assert_cuts_the_highest(scores, counts, width):
    for count, found in zip(counts, cuts_of(scores, counts, width), strict=True):
        highest = scores.sort(dim=1, descending=True).values
        assert found.value.dtype == scores.dtype
        assert found.value.flatten().tolist() == highest[:, count - 1].tolist()
        tied = (scores == found.value).sum(dim=1)
        inside = count - (scores > found.value).sum(dim=1)
        if found.ties is None:
            assert inside.equal(tied)
        else:
            assert found.ties.flatten().equal(inside)


FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, float("-inf"), 1e-45, -1e-45, 3e38]), st.floats(-1, 1, width=32)
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(3, 12).flatmap(
        lambda size: st.lists(st.lists(FLOATS, min_size=size, max_size=size), min_size=1, max_size=4)
    ),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    data=st.data(),
)
def test_cuts_of_any_floats(rows, dtype, data):
    scores = torch.tensor(rows, dtype=dtype)
    counts = data.draw(st.lists(st.integers(1, scores.shape[1]), min_size=1, max_size=2))
    assert_cuts_the_highest(scores, counts, data.draw(st.integers(1, scores.shape[1])))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(1, 99))
def test_cuts_of_integers_over_their_whole_range(seed, count):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(-(2**31), 2**31, (5, 99), generator=generator).to(torch.int32)
    scores[:, ::7] = torch.iinfo(torch.int32).min
    assert_cuts_the_highest(scores, [count], 40)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_similarities_in_a_narrow_range_take_no_more_passes(dtype):
    passes = 0
    unit = torch.finfo(dtype).eps
    scores = 0.9 + unit * torch.randint(0, 50, (4, 200), generator=torch.Generator().manual_seed(0)).to(dtype)

    def count_passes():
        nonlocal passes
        passes += 1
        return iter(scores.split(64, dim=1))

    streamed_cuts(count_passes, [20])
    assert passes == 1 + {torch.float32: 3, torch.float64: 6}[dtype]  # a look at the type, then the digits
    assert_cuts_the_highest(scores, [20, 150], 64)
