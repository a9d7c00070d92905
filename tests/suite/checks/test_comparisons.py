import pytest

from moco_bench.errors import InputError
from moco_bench.suite.checks.suite import check_suite, warnings
from moco_bench.suite.factorial import Factorial, factorial_of
from moco_bench.suite.load import parse_suite

DUAL, FILTER = {"dual_view": "key-in-batch"}, {"negatives": {"rule": "hardest", "fraction": 0.25}}
ARMS = {
    "vanilla": None,
    "dual": {"contrast": DUAL},
    "filter": {"contrast": FILTER},
    "both": {"contrast": {**DUAL, **FILTER}},
}


def suite(**changes):
    values = {"name": "s", "dataset": "digits", "encoder": "resnet-compact", "arms": ARMS, "seeds": 8,
              "contrast": {"queue_size": 256}, "train": {"batch_size": 64, "epochs": 2}, **changes}  # fmt: skip
    return parse_suite(values, "test")


def refused(**changes):
    with pytest.raises(InputError) as caught:
        check_suite(suite(**changes))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("contrasts", "words"),
    [
        ({"dual-vanilla": ["dual", "filter"]}, "'dual-vanilla' is the name of dual against vanilla"),
        (
            {"dual-vanilla": ["both", "vanilla"]},
            "both against vanilla is compared anyway, as 'both-vanilla'; leave it out",
        ),
        ({"both-filter": ["dual", "filter"]}, "choose another, such as 'dual-against-filter'"),
        ({"filtering": ["dual", "filter"]}, "'filtering' is the name of an effect of the 2x2"),
        ({"interaction": ["dual", "filter"]}, "choose another, such as 'dual-against-filter'"),
        ({"mine": ["dual", "vanilla"]}, "dual against vanilla is compared anyway, as 'dual-vanilla'; leave it out"),
        ({"dual-vanilla": ["dual", "vanilla"]}, "is compared anyway, as 'dual-vanilla'"),
        ({"mine": ["vanilla", "filter"]}, "as 'filter-vanilla' with the sign turned"),
        ({"mine": ["both", "dual"]}, "compared anyway, as 'both-dual'"),
        ({"a": ["dual", "filter"], "b": ["dual", "filter"]}, "is contrast 'a' already; leave it out"),
        ({"a": ["dual", "filter"], "b": ["filter", "dual"]}, "is contrast 'a' already with the sign turned"),
    ],
)
def test_a_contrast_has_a_name_and_arms_of_its_own(contrasts, words):
    assert words in refused(contrasts=contrasts)


def test_comparisons_that_hyphens_would_name_alike_are_refused():
    arms = {"c": None, "b-c": ARMS["dual"], "filter": ARMS["filter"], "a": ARMS["both"],
            "a-b": {"contrast": {"temperature": 0.5}}}  # fmt: skip
    told = refused(arms=arms, baseline="c")
    assert told == "arms: a-b against c and a against b-c would both be called 'a-b-c'; rename one of these arms"


def test_other_contrasts_are_free():
    check_suite(suite(contrasts={"kinds": ["dual", "filter"]}))


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        ("dual-vanila", "the suite has no effect 'dual-vanila'; did you mean 'dual-vanilla'?"),
        ("dual_views", "did you mean 'dual_view'?"),
    ],
)
def test_claims_are_about_effects_that_there_are(effect, words):
    claim = {"name": "x", "claim": "y", "metric": "knn_top1", "effect": effect}
    assert words in refused(analysis={"claims": [claim]})
    check_suite(suite(analysis={"claims": "abstract"}, arms={"vanilla": None, "dual": ARMS["dual"]}))


def test_an_unknown_claim_of_the_abstract_is_refused_with_a_suggestion():
    assert "did you mean 'lower-memory'?" in refused_at_reading(analysis={"claims": ["low-memory"]})
    (only,) = suite(analysis={"claims": ["lower-memory"]}).analysis.claims
    assert only.metric == "peak_memory_mib"
    assert suite().analysis.claims == ()


MEMORY = {"name": "lower-memory", "claim": "The framework needs less memory.", "metric": "peak_memory_mib",
          "effect": "both-vanilla", "direction": "lower"}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"metric": "knn_top1"},
        {"effect": "dual-vanilla"},
        {"direction": "higher"},
        {"claim": "Something else."},
        {"also": [{"metric": "train_seconds"}]},
        {"name": "Lower-Memory"},
        {"name": "other-domains"},
    ],
)
def test_another_claim_has_another_name_than_the_papers(changes):
    claim = {**MEMORY, **changes}
    told = refused(analysis={"claims": [claim]})
    assert told.startswith(f"analysis.claims.{claim['name']}: '{claim['name']}' is the name of a built-in claim")
    assert f"such as '{claim['name'].lower()}-own'" in told


def test_a_claim_of_the_paper_may_be_spelled_out():
    check_suite(suite(analysis={"claims": [MEMORY]}))
    check_suite(suite(analysis={"claims": [MEMORY, {**MEMORY, "name": "mine", "effect": "dual-vanilla"}]}))


def test_a_suite_without_the_papers_effect_may_judge_its_claim_by_another():
    arms = {"vanilla": None, "dual": ARMS["dual"]}
    check_suite(suite(arms=arms, analysis={"claims": [{**MEMORY, "effect": "dual-vanilla"}]}))


def refused_at_reading(**changes):
    with pytest.raises(InputError) as caught:
        suite(**changes)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"dataset": {"name": "digits", "label": "cifar10"}},
            "'cifar10' is the name of a built-in, and this is digits",
        ),
        ({"encoder": {"name": "resnet-compact", "label": "resnet18-cifar"}}, "choose another label"),
        (
            {"dataset": {"name": "digits", "label": "CIFAR10"}},
            "'CIFAR10' is the name of a built-in (upper and lower case count as one), and this is digits",
        ),
    ],
)
def test_a_label_is_not_the_name_of_something_else(changes, words):
    assert words in refused(**changes)
    check_suite(suite(dataset={"name": "digits", "label": "digits"}))
    check_suite(suite(dataset={"name": "digits", "label": "Digits"}))


def test_a_2x2_is_what_the_arms_change():
    assert factorial_of(suite()) == (Factorial(), "")
    renamed = {"base": None, "kib": ARMS["dual"], "hard": ARMS["filter"], "kib-hard": ARMS["both"]}
    assert factorial_of(suite(arms=renamed, baseline="base")) == (Factorial("base", "kib", "hard", "kib-hard"), "")
    spelt = {**ARMS, "both": {"contrast": {**DUAL, "negatives": {"rule": "hardest", "count": 64}}}}
    assert factorial_of(suite(arms=spelt))[0] == Factorial()
    assert factorial_of(suite(arms={"vanilla": None, "other": {"train": {"learning_rate": 1.0}}})) == (None, "")


@pytest.mark.parametrize(
    ("arm", "contrast", "key"),
    [
        ("filter", {"negatives": {"rule": "hardest", "fraction": 0.5}}, "contrast.negatives"),
        ("both", {**DUAL, **FILTER, "key_weight": 0.25}, "contrast.loss"),
        ("both", {**DUAL, **FILTER, "temperature": 0.2}, "contrast.temperature"),
        ("both", {**DUAL, **FILTER, "filter_warmup_steps": 4}, "contrast.filter_warmup_steps"),
    ],
)
def test_arms_that_are_only_called_so_are_no_2x2(arm, contrast, key):
    own = suite(arms={**ARMS, arm: {"contrast": contrast}})
    found, why = factorial_of(own)
    assert found is None
    assert why.startswith(f"no main effects: arm 'both' isn't 'dual' and 'filter' together, {key} differs")
    assert any(why in line for line in warnings(own))


def test_arms_that_change_something_else_are_no_ingredients():
    arms = {
        **ARMS,
        "dual": {"train": {"learning_rate": 1.0}},
        "both": {"contrast": FILTER, "train": {"learning_rate": 1.0}},
    }
    found, why = factorial_of(suite(arms=arms))
    assert found is None
    assert "'dual' must change the dual-view loss alone" in why
