"""Which candidate of a search is the best."""

from types import SimpleNamespace

import pytest

from moco_bench.errors import InputError
from moco_bench.jobs.tune import best_of

FIRST, SECOND = (SimpleNamespace(number=number, arm="vanilla") for number in (1, 2))


def test_the_best_is_the_lowest_where_lower_is_better():
    assert best_of([(FIRST, 0.3), (SECOND, 0.2)], "lower") == SECOND
    assert best_of([(FIRST, 0.3), (SECOND, 0.2)], "higher") == FIRST
    assert best_of([(FIRST, 0.2), (SECOND, 0.2)], "lower") == FIRST
    assert best_of([(FIRST, None), (SECOND, 0.9)], "lower") == SECOND


def test_an_arm_whose_candidates_all_failed_is_named():
    with pytest.raises(InputError, match="every candidate of arm vanilla failed"):
        best_of([(FIRST, None), (SECOND, None)])
