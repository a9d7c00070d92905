"""Every figure can be read, whatever the number and length of names: no label is cut, covered or beside its tick."""

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from moco_bench.report.page import SECTIONS
from moco_bench.report.read.results import load_results
from moco_bench.report.render.figures import theme
from moco_bench.report.sections.accuracy import accuracy_figure
from moco_bench.report.sections.first_screen.figures import interaction_figure

pytestmark = pytest.mark.slow  # each figure of each section, for nine kinds of results
FIGURES = [interaction_figure, accuracy_figure, *(draw for section in SECTIONS for draw in section.figures)]


def named(count, letters):
    """Arms with names of so many letters that differ at their ends, as names of grids do."""
    return ["vanilla", *(f"{'temperature-queue-fraction-' * 3}"[: letters - 4] + f"-{k:03d}" for k in range(1, count))]


def many(synthetic, arms, seeds):
    settings = {arm: {"contrast": {"temperature": 0.05 + place / 500}} for place, arm in enumerate(arms)}
    return {**synthetic.suite_values(seeds, epochs=4), "arms": {**settings, "vanilla": None}}


CASES = {
    "four names of 30 letters": (named(4, 30), 3),
    "twelve names of 64 letters": (named(12, 64), 2),
    "six names of 64 capitals": (["vanilla", *(name.upper() for name in named(6, 64)[1:])], 2),
    "fifteen arms": (named(15, 18), 2),
    "a hundred arms": (named(100, 12), 1),
}


@pytest.fixture(scope="module", params=[*CASES, "120 seeds", "300 seeds of two arms", "names of data sets", "as usual"])
def results(request, tmp_path_factory, synthetic, synthetic_profile):
    root = tmp_path_factory.mktemp("readable")
    if request.param in CASES:
        values = many(synthetic, *CASES[request.param])
    elif request.param == "120 seeds":
        values = synthetic.suite_values(120, epochs=2)
    elif request.param == "300 seeds of two arms":
        values = synthetic.suite_values(300, epochs=2)
        values["arms"] = {arm: values["arms"][arm] for arm in ("vanilla", "dual")}
    else:
        values = synthetic.suite_values(2)
    if request.param == "names of data sets":
        del values["dataset"]
        values["datasets"] = [{"name": name, "label": (name + "-") * 4 + "x"} for name in ("fashion-mnist", "digits")]
        values["datasets"][0]["name"] = "fashion-mnist-5k"
    path = synthetic.write_results(root, values)
    if request.param == "as usual":
        synthetic_profile.write_profile(path)
    return load_results(path)


def labels_of(axes):
    """The tick labels that are seen, of each axis."""
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        ticks = zip(axis.get_majorticklocs(), axis.get_major_ticks(), strict=False)
        yield [
            (place, tick.label1)
            for place, tick in ticks
            if tick.label1.get_text() and tick.label1.get_visible() and low <= place <= high
        ]


def overlap(a, b):
    return min(min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0))


@pytest.mark.parametrize("draw", FIGURES, ids=lambda draw: draw.__name__)
def test_labels_are_whole_and_beside_their_ticks(results, draw):
    plot = draw(results)
    if plot is None:
        return
    with theme(plot.name):
        plot.figure.draw_without_rendering()
        renderer = FigureCanvasAgg(plot.figure).get_renderer()
        width, height = plot.figure.bbox.width, plot.figure.bbox.height

        def box_of(artist):
            box = artist.get_window_extent(renderer)
            assert box.x0 >= -1, f"{artist} sticks out on the left"
            assert box.x1 <= width + 1, f"{artist} sticks out on the right"
            assert box.y0 >= -1, f"{artist} sticks out below"
            assert box.y1 <= height + 1, f"{artist} sticks out above"
            return box

        titles = []
        for axes in plot.figure.axes:
            if not axes.axison:
                continue
            assert axes.get_window_extent(renderer).width > 60, "no room is left for the panel"
            assert axes.get_window_extent(renderer).height > 40, "no room is left for the panel"
            for labels in labels_of(axes):
                boxes = [box_of(label) for _, label in labels]
                turned = any(label.get_rotation() % 90 for _, label in labels)
                for one, other in itertools.pairwise(boxes):
                    assert turned or overlap(one, other) <= 1, f"labels overlap: {[t.get_text() for _, t in labels]}"
                for (place, label), box in zip(labels, boxes, strict=True):
                    tick = axes.transData.transform((place, 1))[0]
                    assert not turned or abs(box.x1 - tick) < 12, f"{label.get_text()} ends beside its tick"
            for text in (axes.xaxis.label, axes.yaxis.label, axes._left_title):
                if text.get_text():
                    titles.append((text.get_text(), box_of(text)))
        for legend in plot.figure.legends:
            box_of(legend)
            names = [box_of(text) for text in legend.get_texts()]
            for one, other in itertools.combinations(names, 2):
                assert overlap(one, other) <= 1, "two names of the legend overlap"
            for title, box in titles:
                assert overlap(box_of(legend), box) <= 1, f"the legend covers {title}"
        for (name, one), (title, other) in itertools.combinations(titles, 2):
            assert overlap(one, other) <= 1, f"{name} overlaps {title}"
