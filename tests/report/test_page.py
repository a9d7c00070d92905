"""The page's sections and their order."""

from moco_bench.report.page import SECTIONS, build_page


def test_the_page_has_the_sections_and_their_order(results, links):
    page = build_page(results, links)
    shown = [part.id for part in page.sections]
    assert shown == [section.id for section in SECTIONS if section.id in shown]
    assert {"profile", "memory-claim", "growth"} <= set(shown)
    assert "benchmarks" not in shown
    assert page.cost[0].text.startswith("A training step of vanilla takes")
    assert [source.title for source in page.cost[0].sources] == ["profile/time.csv", "profile/samples.csv"]
