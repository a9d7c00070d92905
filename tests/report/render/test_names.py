import matplotlib.pyplot as plt
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from moco_bench.report.render.figures import grid, theme
from moco_bench.report.render.names import legend_above, rows_height, wrapped


def test_no_letter_of_a_name_is_lost():
    for name in ("vanilla", "key-in-batch with hardest quarter of negatives", "x" * 99, "  odd ", ""):
        lines = wrapped(name, 24).split("\n")
        assert max(map(len, lines)) <= 24 or " " not in name
        assert "".join(lines).replace(" ", "") == name.replace(" ", "")


def test_rows_are_as_high_as_the_longest_name_needs():
    short, long = ["a", "b"], ["a", "a name of more than one line beside an axis"]

    assert rows_height(long) > rows_height(short) == 2 * 0.24
    assert rows_height([]) == 0


def test_a_legend_of_many_names_makes_the_figure_higher():
    figure, panel = plt.subplots(figsize=(6, 3))
    for number in range(12):
        panel.plot([0, 1], label=f"an arm with a rather long name {number}")
    before = figure.get_figheight()
    legend_above(figure, panel)

    assert figure.get_figheight() > before
    assert [text.get_text()[-2:].strip() for text in figure.legends[0].get_texts()] == [str(n) for n in range(12)]
    plt.close(figure)


RATES = [f"LEARNING-RATE-0.06-TEMPERATURE-0.07-QUEUE-65536-MOMENTUM-0.999-{place}" for place in range(1, 7)]


@pytest.mark.parametrize(
    "names",
    [["W" * 64], RATES, ["W" * 30, "M" * 30], [f"{'W' * 12}-{place}" for place in range(8)], ["vanilla", "dual"]],
    ids=["64 W", "grid in capitals", "30 W", "eight of 12 W", "usual"],
)
def test_a_legend_of_wide_letters_lies_within_the_figure(names):
    with theme():
        figure, axes = grid(1, 1, row_height=2.4)
        for name in names:
            axes[0, 0].plot([0, 1], label=name)
        legend_above(figure, axes[0, 0])
        figure.draw_without_rendering()
        box = figure.legends[0].get_window_extent(FigureCanvasAgg(figure).get_renderer())
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    assert box.y1 <= figure.bbox.height
    assert axes[0, 0].get_window_extent().height > 1.5 * figure.dpi, "the legend takes the panel's room"
    assert ["".join(text.get_text().split()) for text in figure.legends[0].get_texts()] == names
