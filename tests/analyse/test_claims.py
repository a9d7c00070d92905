import math

import numpy as np
import pandas as pd
import pytest

from moco_bench.analyse.analysis_plan import AnalysisPlan, plan_of
from moco_bench.analyse.claims import COLUMNS, claims_of, judge
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.evidence import Evidence
from moco_bench.analyse.table import typed
from moco_bench.suite.config.analysis import ABSTRACT_CLAIMS, AnalysisConfig
from moco_bench.suite.load import parse_suite

SUITE = {
    "name": "s",
    "dataset": "cifar10",
    "encoder": "resnet18-cifar",
    "seeds": 8,
    "analysis": {"claims": "abstract"},
    "arms": {
        "vanilla": None,
        "dual": {"contrast": {"dual_view": "key-in-batch"}},
        "filter": {"contrast": {"negatives": {"rule": "hardest", "fraction": 0.25}}},
        "both": {"contrast": {"dual_view": "key-in-batch", "negatives": {"rule": "hardest", "fraction": 0.25}}},
    },
}


CONFIG = AnalysisConfig()


class LowFloors(Evidence):
    """Raw pixels and untrained encoder far below what the invented runs reach."""

    def floor(self, *names):
        return 10.0, 10.0


def plan(**changes):
    return plan_of(parse_suite({**SUITE, **changes}, "test"), LowFloors())


def verdicts(claims):
    return dict(zip(claims["claim"], claims["verdict"], strict=True))


def test_no_claim_is_judged_before_the_planned_seeds_are_done(raw_runs):
    raw = raw_runs(8)
    raw.loc[raw["arm"].isin(["dual", "both"]) & (raw["seed"] == "7"), "status"] = "missing"
    own = plan()
    claims = claims_of(effects_of(typed(raw, "test"), own), own).set_index("claim")
    assert claims.loc["dual-view-improves", "verdict"] == "not judged: seeds are still to be run"
    assert "7 seeds are done, 1 is still to be run" in claims.loc["dual-view-improves", "why"]
    assert not {"supported", "contradicted"} & set(claims["verdict"])


def test_every_claim_of_the_abstract_gets_a_verdict(runs_of):
    own = plan()
    claims = claims_of(effects_of(runs_of(8), own), own)
    assert tuple(claims.columns) == tuple(COLUMNS)
    assert verdicts(claims) == {
        "dual-view-improves": "supported",
        "filtering-improves": "no effect above 1 point",
        "filtering-mitigates-noise": "not tested by this suite",
        "better-downstream": "supported",
        "lower-memory": "no effect above 40 MiB",
        "robust-representations": "not tested by this suite",
        "well-structured-representations": "not tested by this suite",
        "other-domains": "not tested by this suite",
    }
    assert set(claims["analysis_fingerprint"]) == {own.fingerprint}


def test_three_seeds_neither_support_nor_contradict(runs_of):
    own = plan(seeds=3)
    found = verdicts(claims_of(effects_of(runs_of(3), own), own))
    assert set(found.values()) == {"inconclusive", "not tested by this suite"}


def test_claims_are_judged_only_where_a_suite_asks(runs_of):
    assert claims_of(effects_of(runs_of(8)), AnalysisPlan()).empty
    silent = plan(analysis={})
    assert claims_of(effects_of(runs_of(8), silent), silent).empty


def test_claims_are_about_what_arms_change_not_about_their_names(runs_of):
    named = {"vanilla": "base", "dual": "kib", "filter": "hard", "both": "kib-hard"}
    own = plan(arms={named[arm]: changes for arm, changes in SUITE["arms"].items()}, baseline="base")
    gains = {"base": 0.0, "kib": 2.0, "hard": -1.0, "kib-hard": 1.5}
    claims = claims_of(effects_of(runs_of(8, gains), own), own)
    as_usual = plan()
    assert verdicts(claims) == verdicts(claims_of(effects_of(runs_of(8), as_usual), as_usual))
    row = claims.set_index("claim").loc["better-downstream"]
    assert row["effect"] == "kib-hard-base"
    assert row["p_holm"] > 0


@pytest.mark.parametrize(
    "both",
    [{"temperature": 0.3}, {"dual_view": "key-in-batch"}, {**SUITE["arms"]["both"]["contrast"], "momentum": 0.9}],
)
def test_an_arm_that_is_only_called_both_stands_for_no_claim(runs_of, both):
    own = plan(arms={"vanilla": None, "both": {"contrast": both}})
    claims = claims_of(effects_of(runs_of(8, {"vanilla": 0.0, "both": 5.0}), own), own).set_index("claim")
    assert claims.loc["better-downstream", "verdict"] == "not tested by this suite"
    assert claims.loc["better-downstream", "why"] == "no arm has both ingredients and nothing else"


def test_both_ingredients_without_the_rest_of_the_2x2_can_be_judged(runs_of):
    own = plan(arms={"vanilla": None, "both": SUITE["arms"]["both"]})
    found = verdicts(claims_of(effects_of(runs_of(8, {"vanilla": 0.0, "both": 5.0}), own), own))
    assert found["better-downstream"] == "supported"
    assert found["dual-view-improves"] == "not tested by this suite"


def test_a_claim_is_judged_on_each_data_set(runs_of):
    runs = pd.concat([runs_of(8), runs_of(8, {"vanilla": 0, "dual": -3, "filter": 0, "both": -3}, dataset="digits")])
    own = plan()
    claims = claims_of(effects_of(runs.reset_index(drop=True), own), own)
    dual = claims[claims["claim"] == "dual-view-improves"].set_index("dataset")["verdict"]
    assert dual.to_dict() == {"cifar10": "supported", "digits": "contradicted"}


def test_supported_does_not_mean_larger_than_the_margin(runs_of):
    """+0.43 [0.17, 0.69] with a margin of 0.5: the example of docs/statistics.md."""
    own, runs = plan(analysis={"claims": "abstract", "margin_points": 0.5}), runs_of(8)
    gain = 0.43 + 0.291 * np.array([-1, -1, -1, -1, 1, 1, 1, 1])
    treated = runs["arm"].isin(["dual", "both"])
    runs["knn_top1"] = 60.0 + runs["seed"] + treated * gain[runs["seed"]]
    effects = effects_of(runs, own)
    row = effects[(effects["metric"] == "knn_top1") & (effects["effect"] == "dual_view")].iloc[0]
    assert [round(row[name], 2) for name in ("estimate", "ci_low", "ci_high", "margin")] == [0.43, 0.17, 0.69, 0.5]
    assert verdicts(claims_of(effects, own))["dual-view-improves"] == "supported"


@pytest.mark.parametrize(
    ("direction", "finding", "verdict"),
    [
        ("higher", "higher", "supported"),
        ("lower", "lower", "supported"),
        ("higher", "lower", "contradicted"),
        ("lower", "higher", "contradicted"),
        ("higher", "equivalent", "no effect above 1 point"),
        ("higher", "leans-higher", "inconclusive"),
        ("higher", "leans-lower", "inconclusive"),
        ("lower", "leans-equivalent", "inconclusive"),
        ("higher", "inconclusive", "inconclusive"),
        ("higher", "no-data", "inconclusive"),
    ],
)
def test_the_rule(direction, finding, verdict):
    found = judge(direction, effect(finding=finding), CONFIG)
    assert found.verdict == verdict
    assert found.why


def effect(**values):
    return {"finding": "inconclusive", "metric": "knn_top1", "ci_low": -1.2, "ci_high": 1.0, "equivalence_low": -0.9,
            "equivalence_high": 0.7, "margin": 1.0, "p_holm": 0.4, "p_equivalence_holm": 0.094, "n_seeds": 8,
            "smallest_p": 2 / 2**8, "family_size": 3, "p_ledger": 0.03, **values}  # fmt: skip


def judge_why(*arguments):
    return judge(*arguments).why


def test_reasons_name_the_interval_that_they_are_about():
    """The 95 % interval here reaches beyond the margin; the one of two one-sided tests at 5 % is the 90 % one."""
    why = judge_why("higher", effect(finding="leans-equivalent"), CONFIG)
    assert "the 90 % interval [\u22120.90, +0.70] lies within the margin of 1 point" in why
    assert "Holm p 0.094" in why
    why = judge_why("higher", effect(finding="equivalent", p_equivalence_holm=0.023), CONFIG)
    assert "90 % interval [\u22120.90, +0.70]" in why
    assert "Holm p 0.023" in why
    why = judge_why("higher", effect(finding="leans-equivalent"), AnalysisConfig(confidence=0.99))
    assert "the 98 % interval" in why
    why = judge_why("higher", effect(equivalence_low=-1.4), CONFIG)
    assert "the 95 % interval includes zero" in why
    assert "the 90 % interval [\u22121.40, +0.70] reaches beyond the margin of 1 point" in why


def test_reasons_with_few_seeds_speak_of_seeds():
    why = judge_why("higher", effect(n_seeds=2, ci_low=0.1, ci_high=0.2), CONFIG)
    assert "2 paired seeds are too few" in why
    why = judge_why("higher", effect(n_seeds=1, ci_low=math.nan, ci_high=math.nan), CONFIG)
    assert "1 paired seed is too few" in why
    six = effect(finding="leans-equivalent", n_seeds=6, smallest_p=2 / 2**6, p_equivalence_holm=3 / 2**6)
    assert "6 seeds could not have shown a difference either" in judge_why("higher", six, CONFIG)


@pytest.mark.parametrize("seeds", range(1, 7))
@pytest.mark.parametrize("gain", [0.0, 20.0, -20.0])
def test_a_design_too_small_to_support_is_too_small_to_contradict(runs_of, seeds, gain):
    own = plan(seeds=seeds)
    effects = effects_of(runs_of(seeds, {"vanilla": 0, "dual": gain, "filter": 0, "both": gain}, spread=1e-3), own)
    assert not {"supported", "contradicted"} & set(claims_of(effects, own)["verdict"])


def memory(both, vanilla=100.0, dataset="cifar10", dual=100.0):
    return pd.DataFrame(
        [
            {"arm": arm, "phase": "training", "part": part, "mib": mib, "dataset": dataset, "encoder": "e"}
            for arm, tensors in (("vanilla", vanilla), ("dual", dual), ("filter", 100.0), ("both", both))
            for part, mib in (("activations", tensors), ("baseline", 500.0), ("peak", 500.0 + tensors))
        ]
    )


@pytest.mark.parametrize(
    ("both", "words"),
    [
        (94.0, "\u22126.0 %, lower (margin 5 %)"),
        (96.0, "\u22124.0 %, within the margin (margin 5 %)"),
        (120.0, "+20.0 %, higher (margin 5 %)"),
    ],
)
def test_counted_bytes_of_one_loss_are_told_and_decide_nothing(runs_of, both, words):
    own = plan()
    claims = claims_of(effects_of(runs_of(8), own), own, memory(both)).set_index("claim")
    row = claims.loc["lower-memory"]
    assert row["verdict"] == "inconclusive"
    assert "A loss that holds its logits may answer otherwise, and was not counted" in row["why"]
    assert "judged on counted bytes of tensors" in row["why"]
    assert words in row["why"]
    assert row["estimate"] == pytest.approx(both - 100)
    assert (row["ci_method"], row["margin"], row["dataset"], row["budget"]) == ("counted", 5.0, "cifar10", "epochs")
    assert pd.isna(row["ci_low"])
    assert claims.loc["dual-view-improves", "verdict"] == "supported"


@pytest.mark.parametrize("absent", [None, pd.DataFrame(), memory(90.0, dataset="another")])
def test_without_a_profile_memory_is_judged_on_the_processes(runs_of, absent):
    own = plan()
    claims = claims_of(effects_of(runs_of(8), own), own, absent)
    row = claims[(claims["claim"] == "lower-memory") & (claims["dataset"] == "cifar10")].iloc[0]
    assert row["verdict"] == "no effect above 40 MiB"
    assert row["why"].startswith("judged on the processes' peaks")
    assert row["ci_method"] == "t"


def test_each_cell_has_one_verdict_on_memory_whatever_its_budgets(runs_of):
    runs = pd.concat([runs_of(8), runs_of(8, budget="flops"), runs_of(8, dataset="digits")], ignore_index=True)
    own = plan(budgets=["epochs", "flops"])
    claims = claims_of(effects_of(runs, own), own, memory(90.0))
    rows = claims[claims["claim"] == "lower-memory"]
    assert list(zip(rows["dataset"], rows["ci_method"], strict=True)) == [("cifar10", "counted"), ("digits", "t")]


def test_the_rule_about_memory_is_part_of_what_is_declared():
    (rule,) = [claim for claim in ABSTRACT_CLAIMS if claim.metric == "peak_memory_mib"]
    assert "counted bytes" in rule.reading
    assert "depends on the implementation" in rule.reading


def test_declared_claims_name_what_exists():
    from moco_bench.analyse.contrasts import contrasts_among
    from moco_bench.suite.metrics import METRICS

    effects = {contrast.name for contrast in contrasts_among(("vanilla", "dual", "filter", "both"))}
    for claim in ABSTRACT_CLAIMS:
        assert claim.metric is None or (claim.metric in METRICS and claim.effect in effects)
    assert [claim.name for claim in ABSTRACT_CLAIMS if claim.metric is None] == ["other-domains"]
