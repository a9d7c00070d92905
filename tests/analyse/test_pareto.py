from hypothesis import given
from hypothesis import strategies as st

from moco_bench.analyse.pareto import not_dominated

number = st.integers(0, 5).map(float)


def test_the_front_of_a_known_cloud():
    accuracies, costs = [50.0, 60.0, 55.0, 60.0], [1.0, 3.0, 2.0, 4.0]
    assert not_dominated(accuracies, costs) == [True, True, True, False]


def test_equals_do_not_beat_each_other():
    assert not_dominated([50.0, 50.0], [1.0, 1.0]) == [True, True]


@given(st.lists(st.tuples(number, number), min_size=1, max_size=8))
def test_the_front_is_never_empty_and_beats_all_the_rest(points):
    front = not_dominated([a for a, _ in points], [c for _, c in points])
    best = [point for point, on_it in zip(points, front, strict=True) if on_it]
    assert best
    for (accuracy, cost), on_it in zip(points, front, strict=True):
        if not on_it:
            assert any(a >= accuracy and c <= cost for a, c in best)
