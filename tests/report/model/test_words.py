import pytest

from moco_bench.report.model.words import DECIDED, FINDING_WORDS, contrast_title, finding_tone, subject, unit_of_effect
from moco_bench.suite.metrics import METRICS


@pytest.mark.parametrize(
    ("kind", "effect", "title", "inside"),
    [
        ("arm", "dual-vanilla", "dual against vanilla", "dual against vanilla"),
        ("simple", "both-filter", "both against filter", "both against filter"),
        ("main", "dual_view", "Dual-view loss", "the dual-view loss"),
        ("main", "interaction", "Interaction", "their interaction"),
        ("arm", "key-in-batch-vanilla", "key-in-batch against vanilla", "key-in-batch against vanilla"),
    ],
)
def test_effects_have_one_title_and_one_name_inside_sentences(kind, effect, title, inside):
    row = {"kind": kind, "effect": effect}
    assert contrast_title(row, "vanilla") == title
    assert subject(row) == inside


def test_good_news_depends_on_which_way_a_metric_is_better():
    lower = next(name for name, metric in METRICS.items() if metric.better == "lower")
    assert (finding_tone("knn_top1", "higher"), finding_tone(lower, "higher")) == ("good", "bad")
    assert (finding_tone("knn_top1", "lower"), finding_tone(lower, "lower")) == ("bad", "good")
    assert finding_tone(lower, "equivalent") == "quiet"
    undecided = set(FINDING_WORDS) - set(DECIDED)
    assert {finding_tone("knn_top1", finding) for finding in undecided} == {"open"}


def test_what_is_not_significant_is_never_told_as_a_finding():
    for finding, words in FINDING_WORDS.items():
        assert ("not significant" in words) == finding.startswith("leans-")


def test_a_difference_of_percentages_is_in_points():
    assert unit_of_effect(METRICS["knn_top1"]) == "points"
    others = [metric for metric in METRICS.values() if metric.unit != "%"]
    assert others
    assert [unit_of_effect(metric) for metric in others] == [metric.unit for metric in others]
