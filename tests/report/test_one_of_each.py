"""A count of one is written in the singular, in every caption and note."""

import re

import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.page import SECTIONS
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.first_screen.summary import _progress

PLURAL = re.compile(r"\b1 (seeds|arms|runs|images|epochs|data sets|encoders)\b")


@pytest.fixture(params=[1, 2], ids=["one arm", "two arms"])
def path(request, tmp_path, synthetic):
    values = synthetic.suite_values(1)
    values["arms"] = {arm: values["arms"][arm] for arm in ("vanilla", "filter")[: request.param]}
    values["analysis"] = {"claims": []}
    return synthetic.write_results(tmp_path, values, foreign=("vanilla/seed0",))


def test_captions_and_notes(path):
    results = load_results(path)
    plots = [plot for section in SECTIONS for draw in section.figures if (plot := draw(results)) is not None]
    assert plots
    said = [text for plot in plots for text in (plot.caption, plot.alt)]
    links = Links(path, path / "report")
    said += [note.text for section in SECTIONS if section.notes for note in section.notes(results, links)]
    for text in said:
        assert not PLURAL.search(text), text


def test_progress(tmp_path, synthetic):
    values = {**synthetic.suite_values(1), "arms": {"vanilla": None}, "analysis": {"claims": []}}
    results = load_results(synthetic.write_results(tmp_path, values, missing=("vanilla/seed0",)))
    assert _progress(results).startswith("0 of 1 run is done")
