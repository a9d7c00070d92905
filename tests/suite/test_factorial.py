import pytest

from moco_bench.suite.factorial import Factorial, factorial_of
from moco_bench.suite.load import parse_suite

DUAL = {"dual_view": "key-in-batch"}
FILTER = {"negatives": {"rule": "hardest", "fraction": 0.25}}


def found(raw, **arms):
    raw["arms"] = {name: changes and {"contrast": changes} for name, changes in arms.items()}
    return factorial_of(parse_suite(raw, "test"))


def test_arms_are_placed_by_what_they_change_not_by_their_names(raw):
    assert found(raw, vanilla=None, a=FILTER, b={**DUAL, **FILTER}, c=DUAL) == (
        Factorial("vanilla", dual="c", filter="a", both="b"),
        "",
    )


@pytest.mark.parametrize(
    ("both", "said"),
    [
        ({**DUAL, "negatives": {"rule": "hardest", "fraction": 0.5}}, "contrast.negatives differs"),
        ({**DUAL, **FILTER, "temperature": 0.3}, "contrast.temperature differs"),
        (DUAL, "differs"),
    ],
)
def test_an_arm_that_is_not_both_changes_together_makes_none(raw, both, said):
    factorial, reason = found(raw, vanilla=None, dual=DUAL, filter=FILTER, both=both)

    assert factorial is None
    assert said in reason


def test_a_change_of_something_else_is_no_main_effect(raw):
    hot = {"temperature": 0.3}
    factorial, reason = found(raw, vanilla=None, dual={**DUAL, **hot}, filter=FILTER, both={**DUAL, **FILTER, **hot})

    assert factorial is None
    assert reason.startswith("no main effects: 'dual' must change the dual-view loss alone")


def test_two_designs_are_told_apart_by_the_usual_names_or_not_at_all(raw):
    half = {"negatives": {"rule": "hardest", "fraction": 0.5}}
    arms = {"dual": DUAL, "filter": FILTER, "both": {**DUAL, **FILTER}, "half": half, "both-half": {**DUAL, **half}}

    assert found(raw, vanilla=None, **arms) == (Factorial(), "")
    arms["one"], arms["quarter"] = arms.pop("dual"), arms.pop("filter")
    assert found(raw, vanilla=None, **arms)[1].startswith("no main effects: the arms hold 2 2x2 designs")


def test_arms_that_look_like_none_need_no_reason(raw):
    assert found(raw, vanilla=None, dual=DUAL) == (None, "")
