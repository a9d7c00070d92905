"""What holds of every figure: it says in words what it shows, survives holes, fits, and is well-formed."""

import re
from xml.etree import ElementTree

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from moco_bench.report.read.results import load_results
from moco_bench.report.render.figures import as_png, as_svg, inline_svg, theme
from moco_bench.report.render.style import INK
from moco_bench.report.sections.accuracy import accuracy_figure
from moco_bench.report.sections.effects.figures import effects_figure
from moco_bench.report.sections.mechanism.figures import (
    false_negative_figure,
    gradient_figure,
    mechanism_figure,
    similarity_figure,
)
from moco_bench.report.sections.robustness import corruption_figure
from moco_bench.report.sections.seeds import pairs_figure
from moco_bench.report.sections.training import learning_figure, neighbours_figure

ALL = (
    accuracy_figure, pairs_figure, false_negative_figure, learning_figure, effects_figure,
    corruption_figure, neighbours_figure, similarity_figure, gradient_figure, mechanism_figure,
)  # fmt: skip


@pytest.mark.parametrize("draw", ALL)
def test_every_figure_says_in_words_what_it_shows(four_seeds, draw):
    plot = draw(four_seeds)
    assert len(plot.alt) > 30
    assert plot.alt.endswith(".")
    assert plot.caption
    assert not plot.data.empty


@pytest.mark.parametrize("draw", ALL)
def test_without_results_there_is_no_figure(tmp_path, synthetic, draw):
    results = load_results(
        synthetic.write_results(tmp_path, synthetic.suite_values(2), missing=("seed0", "seed1"), floors=False)
    )
    assert draw(results) is None


@pytest.mark.parametrize("draw", [accuracy_figure, learning_figure, mechanism_figure, neighbours_figure])
def test_nothing_sticks_out_of_a_figure_or_covers_its_neighbour(four_seeds, draw):
    plot = draw(four_seeds)
    with theme(plot.name):
        plot.figure.draw_without_rendering()
        renderer = FigureCanvasAgg(plot.figure).get_renderer()
        boxes = [axes.get_tightbbox(renderer) for axes in plot.figure.axes]
        boxes += [legend.get_window_extent(renderer) for legend in plot.figure.legends]
    width, height = plot.figure.bbox.width, plot.figure.bbox.height
    for place, box in enumerate(boxes):
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1
        for other in boxes[place + 1 :]:
            wide = min(box.x1, other.x1) - max(box.x0, other.x0)
            high = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert min(wide, high) <= 1, "two parts overlap"


def test_svg_is_well_formed_and_the_same_every_time(four_seeds):
    first, second = as_svg(accuracy_figure(four_seeds)), as_svg(accuracy_figure(four_seeds))
    assert first == second
    ElementTree.fromstring(first)
    assert as_png(accuracy_figure(four_seeds)).startswith(b"\x89PNG")


def test_inline_svg_has_its_own_identifiers_and_the_pages_colours(four_seeds):
    body = inline_svg(as_svg(pairs_figure(four_seeds)), "pairs")
    ElementTree.fromstring(body)
    identifiers = re.findall(r'\bid="([^"]+)"', body)
    assert identifiers
    assert all(name.startswith("pairs-") for name in identifiers)
    referred = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', body)
    assert {a or b for a, b in referred} <= set(identifiers)
    assert f"var(--ink, {INK})" in body
    assert "var(--c-0072b2, #0072b2)" in body
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", body)


def test_names_are_not_mathematics(tmp_path, synthetic):
    values = synthetic.suite_values(2)
    values["dataset"] = {"name": "fashion-mnist-5k", "label": "a_b-c.d"}
    results = load_results(synthetic.write_results(tmp_path, values))
    frame = results.runs.replace({"arm": {"dual": "$\\frac{dual$"}})
    import dataclasses

    for draw in ALL:
        plot = draw(dataclasses.replace(results, runs=frame))
        if plot is not None:
            as_svg(plot)
