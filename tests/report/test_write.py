"""Whole reports: what is written, what it says, and what can't break it."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from moco_bench.analyse.write import analyse
from moco_bench.report.write import write_report

pytestmark = pytest.mark.slow  # whole reports, seconds each


@pytest.fixture(scope="module")
def whole(tmp_path_factory, synthetic):
    root = tmp_path_factory.mktemp("whole")
    values = {**synthetic.suite_values(3), "repeat_seeds": [0]}
    results = synthetic.write_results(root / "results", values)
    analyse(results)
    return results, write_report(results, root / "reports" / "synthetic")


@pytest.fixture(scope="module")
def full(tmp_path_factory, synthetic, synthetic_profile):
    """A report with everything that one can have: profile, budgets, published numbers, repeated seeds."""
    root = tmp_path_factory.mktemp("full")
    results = full_results(root / "results", synthetic, synthetic_profile)
    return results, write_report(results, root / "reports" / "synthetic")


def full_results(root, synthetic, synthetic_profile):
    values = {**synthetic.suite_values(3), "repeat_seeds": [0], "budgets": ["epochs", "flops"]}
    del values["dataset"]
    values["datasets"] = ["fashion-mnist-5k", "cifar10"]
    results = synthetic.write_results(root, values, costs={"dual": 1.3, "filter": 1.1, "both": 1.5})
    synthetic_profile.write_profile(results)
    analyse(results)
    return results


def test_a_full_report_has_every_section(full, outline):
    ids = outline(full[1]).ids
    for section in ("profile", "memory-claim", "growth", "published", "trust", "mechanism", "table-budgets"):
        assert section in ids
    assert full[1].stat().st_size < 3_000_000


def test_all_files_are_there(whole):
    _, page = whole
    names = {path.relative_to(page.parent).as_posix() for path in page.parent.rglob("*") if path.is_file()}
    assert {"report.html", "runs.html", "report.md"} <= names
    for table in ("accuracy", "effects", "certainty", "claims", "cost", "differences", "runs"):
        assert {f"tables/{table}.{kind}" for kind in ("csv", "md", "tex")} <= names
    for figure in (
        "accuracy",
        "effects",
        "pairs",
        "learning",
        "corruptions",
        "false_negatives",
        "neighbours",
        "gradient_share",
        "similarities",
        "mechanism",
    ):
        assert {f"figures/{figure}.{kind}" for kind in ("svg", "png", "csv")} <= names


def test_the_page_is_one_small_file_that_needs_no_network(whole):
    _, page = whole
    text = page.read_text(encoding="utf-8")
    assert page.stat().st_size < 3_000_000
    loaded = re.findall(r'<(?:script|img|link|iframe|source)[^>]*?(?:src|href)="([^"]*)"', text)
    assert all(address.startswith("data:") for address in loaded)
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_the_page_is_well_formed_with_unique_identifiers(whole, outline):
    found = outline(whole[1])
    assert len(found.ids) == len(set(found.ids))
    for href in found.hrefs:
        if href.startswith("#"):
            assert href[1:] in found.ids


def test_landmarks_headers_and_alternatives(whole, outline):
    found = outline(whole[1])
    tags = [tag for tag, _ in found.tags]
    for landmark in ("header", "nav", "main", "footer"):
        assert tags.count(landmark) == 1
    assert tags.count("h1") == 1
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in found.tags if tag == "th")
    drawings = [attrs for _, attrs in found.tags if attrs.get("role") == "img"]
    assert len(drawings) == 12
    assert all(len(attrs["aria-label"]) > 30 for attrs in drawings)
    assert ("a", {"class": "skip", "href": "#answer"}) in found.tags


def test_links_to_files_lead_to_files(whole, outline):
    _, page = whole
    relative = {href for href in outline(page).hrefs if href and not href.startswith(("#", "data:", "https:"))}
    assert len(relative) > 20
    for href in relative:
        assert (page.parent / unquote(href)).exists(), href
    in_markdown = re.findall(r"\]\(([^)]+)\)", (page.parent / "report.md").read_text(encoding="utf-8"))
    assert in_markdown
    for href in in_markdown:
        assert (page.parent / unquote(href)).exists(), href
    for table in sorted(page.parent.glob("tables/*.md")):
        for href in re.findall(r"\]\(([^)]+)\)", table.read_text(encoding="utf-8")):
            assert (table.parent / unquote(href)).exists(), (table.name, href)


class Cells(HTMLParser):
    """The cells of tables with numbers in them, and whether they lead anywhere."""

    def __init__(self):
        super().__init__()
        self.inside, self.numbers, self.unlinked, self.table = None, 0, [], ""

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "figure":
            self.table = found.get("id", "")
        if tag in ("td", "th"):
            self.inside = {"numeric": "number" in (found.get("class") or "").split(), "text": "", "href": ""}
        if tag == "a" and self.inside is not None:
            self.inside["href"] = found["href"]

    def handle_data(self, data):
        if self.inside is not None:
            self.inside["text"] += data

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.inside is not None:
            cell, self.inside = self.inside, None
            if cell["numeric"] and any(char.isdigit() for char in cell["text"]) and tag == "td":
                self.numbers += 1
                self.unlinked += [] if cell["href"] else [(self.table, cell["text"])]


def test_every_number_in_a_table_leads_to_its_file(full):
    _, page = full
    found = Cells()
    found.feed(page.read_text(encoding="utf-8"))
    assert found.numbers > 400
    assert found.unlinked == []


def test_the_first_screens_numbers_lead_to_their_files(full):
    _, page = full
    text = page.read_text(encoding="utf-8")
    article = text[text.index("<article") : text.index("</article>")]
    numbers = re.findall(r'<span class="(?:estimate|certainty)">(.*?)</span>', article)
    assert len(numbers) >= 6
    assert all("effects.csv" in number for number in numbers if any(char.isdigit() for char in number))
    paragraphs = re.findall(r"<p>(.*?)</p>", article[article.index('class="cost"') :], flags=re.S)
    for paragraph in paragraphs:
        if any(char.isdigit() for char in re.sub("<.*?>", "", paragraph)):
            assert "<a href=" in paragraph, paragraph


def test_numbers_on_the_page_are_those_of_the_files(whole, outline):
    results, page = whole
    text = " ".join(outline(page.with_name("runs.html")).text)
    for path in results.glob("runs/*/*/*/seed0/metrics.json"):
        assert f"{json.loads(path.read_text())['knn_top1']:.2f}" in text


def test_floors_fingerprint_noise_and_pairs_are_told(whole, outline):
    text = " ".join(" ".join(outline(whole[1]).text).split())
    assert "raw pixels 77.5 %, untrained encoder 51.2 %" in text
    assert re.search(r"Fingerprint of rules and design: [0-9a-f]{64}", text)
    assert "3 of 3 seeds are proven to be paired" in text
    assert "The same seed run twice" in text or "the same seed run twice" in text
    assert "our reading" in text
    assert "All 16 runs were started under this analysis." in text
    assert "Not up to date" not in text


MOST_WORDS = 4000


def test_the_page_is_no_book(tmp_path, synthetic, synthetic_profile, write_quickly, outline):
    """A quickstart with its profile can be read in a quarter of an hour, what folds away included."""
    results = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    synthetic_profile.write_profile(results)
    for name in ("growth", "queues", "capacity", "leak_verdicts"):  # what only a suite for profiling asks for
        (results / "profile" / f"{name}.csv").unlink()
    analyse(results)
    found = outline(write_quickly(results, tmp_path / "out"))
    assert 2000 < sum(len(text.split()) for text in found.read) <= MOST_WORDS


def test_no_sentence_stands_twice(full, outline):
    """Sentences of notes and captions, of at least eight words; tables repeat their cells."""
    text = " ".join(" ".join(outline(full[1]).prose).split())
    said = [one.strip() for one in re.split(r"(?<=[.!?]) ", text) if len(one.split()) >= 8]
    assert len(said) > 30
    assert [one for one in set(said) if said.count(one) > 1] == []


def test_every_run_is_on_the_page_of_runs(whole, outline):
    results, page = whole
    found = outline(page.with_name("runs.html"))
    rows = [attrs for tag, attrs in found.tags if tag == "tr"]
    assert len(rows) == 1 + len(list(results.glob("runs/*/*/*/seed*/run.json")))
    assert [attrs["type"] for tag, attrs in found.tags if tag == "input"] == ["search"]
    for href in {href for href in found.hrefs if href and not href.startswith("#")}:
        assert (page.parent / unquote(href)).exists(), href


def test_a_thousand_runs_of_a_hundred_arms_stay_small(tmp_path, write_quickly):
    head = "arm,dataset,encoder,seed,status,knn_top1,linear_top1"
    rows = [
        f"{arm},d,e,{seed},done,{60 + place / 10 + seed % 3},{50 + place / 10}"
        for place, arm in enumerate(["vanilla", *(f"grid-{k:02d}" for k in range(99))])
        for seed in range(10)
    ]
    (tmp_path / "runs.csv").write_text("\n".join([head, *rows]))
    page = write_quickly(tmp_path, tmp_path / "out")
    assert page.stat().st_size < 3_000_000
    text = page.read_text(encoding="utf-8")
    table = text[text.index('id="table-accuracy"') :]
    assert table.index("grid-98") < table.index("grid-50") < table.index(">vanilla<"), "best first"
    assert page.with_name("runs.html").read_text(encoding="utf-8").count("<tr>") == 1001


def test_each_file_of_a_run_is_read_once(tmp_path, synthetic, write_quickly, monkeypatch):
    """Ten thousand runs have thirty thousand of them."""
    results = synthetic.write_results(tmp_path / "results", synthetic.suite_values(2))
    analyse(results)
    read, times = Path.read_text, Counter()
    monkeypatch.setattr(Path, "read_text", lambda path, **how: (times.update([path.name]), read(path, **how))[1])
    write_quickly(results, tmp_path / "out")
    assert {times[name] for name in ("run.json", "metrics.json", "history.csv")} == {8}


def test_the_same_results_give_the_same_bytes(whole, tmp_path, write_quickly):
    results, _ = whole
    first, second = (write_quickly(results, tmp_path / name) for name in ("first", "again"))
    for name in ("report.html", "report.md", "tables/effects.tex", "figures/effects.csv"):
        assert (first.parent / name).read_bytes() == (second.parent / name).read_bytes(), name
