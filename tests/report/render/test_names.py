import matplotlib.pyplot as plt

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
