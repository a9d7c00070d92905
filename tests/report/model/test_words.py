import pytest

from moco_bench.report.model.words import (
    DECIDED,
    FINDING_WORDS,
    effect_title,
    finding_tone,
    listed_in_part,
    shortened,
    spans,
    subject,
    unit_of_effect,
)
from moco_bench.suite.metrics import METRICS


@pytest.mark.parametrize(
    ("kind", "effect", "pair", "title", "inside"),
    [
        ("arm", "dual-vanilla", ("dual", "vanilla"), "dual against vanilla", "dual against vanilla"),
        ("arm", "a-my-base", ("a", "my-base"), "a against my-base", "a against my-base"),
        ("simple", "both-hard-keys", ("both", "hard-keys"), "both against hard-keys", "both against hard-keys"),
        ("factorial", "dual_view", ("", ""), "Dual-view loss", "the dual-view loss"),
        ("factorial", "interaction", ("", ""), "Interaction", "their interaction"),
        ("suite", "warm-up", ("hardest", "cold"), "warm-up", "warm-up"),
    ],
)
def test_effects_have_one_title_and_one_name_inside_sentences(kind, effect, pair, title, inside):
    row = {"kind": kind, "effect": effect, "treatment": pair[0], "control": pair[1]}
    assert effect_title(row) == title
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


def test_seeds_are_listed_as_spans():
    assert spans([7, 0, 1, 2, 4]) == "0 to 2, 4, 7"
    assert spans([]) == ""


def test_of_many_names_the_first_are_listed():
    names = [f"arm{number}" for number in range(500)]
    assert listed_in_part(names[:3]) == "arm0, arm1 and arm2"
    assert listed_in_part(names[:12]).endswith("arm10 and arm11")
    assert listed_in_part(names).endswith("arm10 and 489 more")


def test_a_text_for_a_figure_ends_after_a_whole_part():
    text = "Loss by arm: " + ", ".join(f"arm{number} 2.5" for number in range(500)) + "."
    assert shortened("Loss by arm: arm0 2.5.") == "Loss by arm: arm0 2.5."
    assert len(shortened(text)) < 750
    assert shortened(text).endswith(" 2.5, and more in the CSV.")
