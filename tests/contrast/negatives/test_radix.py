import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moco_bench.contrast.negatives.radix import score_at

EXTREMES = [0.0, -0.0, 1.0, -1.0, float("-inf"), float("inf"), 1e-45, -1e-45, 3e38, -1e30]


@settings(max_examples=80, deadline=None)
@given(
    rows=st.integers(1, 12).flatmap(
        lambda size: st.lists(
            st.lists(st.one_of(st.sampled_from(EXTREMES), st.floats(-1, 1, width=32)), min_size=size, max_size=size),
            min_size=1,
            max_size=4,
        )
    ),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    data=st.data(),
)
def test_the_score_at_a_rank_is_that_of_a_sorted_row(rows, dtype, data):
    scores = torch.tensor(rows, dtype=dtype)
    count = data.draw(st.integers(1, scores.shape[1]))
    asked = torch.tensor(sorted(data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=1))))
    width = data.draw(st.integers(1, scores.shape[1]))

    value, ties, tied = score_at(lambda: iter(scores.split(width, dim=1)), asked, count)

    chosen = scores[asked]
    assert value.dtype == dtype
    assert value.flatten().tolist() == chosen.sort(dim=1, descending=True).values[:, count - 1].tolist()
    assert tied.equal((chosen == value).sum(dim=1, keepdim=True))
    assert ties.equal(count - (chosen > value).sum(dim=1, keepdim=True))


@pytest.mark.parametrize(("dtype", "passes"), [(torch.float32, 3), (torch.float64, 6)])
def test_a_pass_a_digit_even_for_scores_one_bit_apart(dtype, passes):
    scores = torch.full((2, 1000), 0.5, dtype=dtype)
    scores[0, 300:] = torch.nextafter(scores[0, 0], torch.ones((), dtype=dtype))
    made = []

    def again():
        made.append(1)
        return iter(scores.split(64, dim=1))

    value, ties, tied = score_at(again, torch.tensor([0, 1]), 800)

    assert len(made) == passes
    assert value.flatten().tolist() == [0.5, 0.5]
    assert ties.flatten().tolist() == [100, 800]
    assert tied.flatten().tolist() == [300, 1000]
