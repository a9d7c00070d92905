import pytest

from moco_bench.analyse.claims import COLUMNS, claims_of, judge
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.plan import AnalysisPlan, plan_of
from moco_bench.suite.analysis import ABSTRACT_CLAIMS
from moco_bench.suite.suite import parse_suite

SUITE = {
    "name": "s",
    "dataset": "cifar10",
    "encoder": "resnet18-cifar",
    "seeds": 8,
    "arms": {
        "vanilla": None,
        "dual": {"contrast": {"dual_view": "key-in-batch"}},
        "filter": {"contrast": {"negatives": {"rule": "hardest", "fraction": 0.25}}},
        "both": {"contrast": {"dual_view": "key-in-batch", "negatives": {"rule": "hardest", "fraction": 0.25}}},
    },
}


def plan(**changes):
    return plan_of(parse_suite({**SUITE, **changes}, "test"))


def verdicts(claims):
    return dict(zip(claims["claim"], claims["verdict"], strict=True))


def test_every_claim_of_the_abstract_gets_a_verdict(runs_of):
    own = plan()
    claims = claims_of(effects_of(runs_of(8), own), own)
    assert tuple(claims.columns) == tuple(COLUMNS)
    assert verdicts(claims) == {
        "dual-view-improves": "supported",
        "filtering-improves": "contradicted",
        "filtering-mitigates-noise": "not tested by this suite",
        "better-downstream": "supported",
        "lower-memory": "contradicted",
        "robust-representations": "not tested by this suite",
        "well-structured-representations": "not tested by this suite",
        "other-domains": "not tested by this suite",
    }
    assert set(claims["analysis_fingerprint"]) == {own.fingerprint}


def test_three_seeds_neither_support_nor_contradict(runs_of):
    own = plan(seeds=3)
    found = verdicts(claims_of(effects_of(runs_of(3), own), own))
    assert set(found.values()) == {"not decided by this suite", "not tested by this suite"}


def test_without_a_suite_nothing_was_declared_and_nothing_is_judged(runs_of):
    assert claims_of(effects_of(runs_of(8)), AnalysisPlan()).empty


def test_a_claim_is_judged_on_each_data_set(runs_of):
    import pandas as pd

    runs = pd.concat([runs_of(8), runs_of(8, {"vanilla": 0, "dual": -3, "filter": 0, "both": -3}, dataset="digits")])
    own = plan()
    claims = claims_of(effects_of(runs.reset_index(drop=True), own), own)
    dual = claims[claims["claim"] == "dual-view-improves"].set_index("dataset")["verdict"]
    assert dual.to_dict() == {"cifar10": "supported", "digits": "contradicted"}


@pytest.mark.parametrize(
    ("direction", "finding", "verdict"),
    [
        ("higher", "higher", "supported"),
        ("lower", "lower", "supported"),
        ("higher", "lower", "contradicted"),
        ("lower", "higher", "contradicted"),
        ("higher", "equivalent", "contradicted"),
        ("higher", "leans-higher", "not decided by this suite"),
        ("higher", "leans-lower", "not decided by this suite"),
        ("lower", "leans-equivalent", "not decided by this suite"),
        ("higher", "undecided", "not decided by this suite"),
        ("higher", "no-data", "not decided by this suite"),
    ],
)
def test_the_rule(direction, finding, verdict):
    found, why = judge(direction, {"finding": finding})
    assert found == verdict
    assert why


def test_declared_claims_name_what_exists():
    from moco_bench.analyse.contrasts import contrasts_among
    from moco_bench.analyse.metrics import METRICS

    effects = {contrast.name for contrast in contrasts_among(("vanilla", "dual", "filter", "both"))}
    for claim in ABSTRACT_CLAIMS:
        assert claim.metric is None or (claim.metric in METRICS and claim.effect in effects)
    assert [claim.name for claim in ABSTRACT_CLAIMS if claim.metric is None] == ["other-domains"]
