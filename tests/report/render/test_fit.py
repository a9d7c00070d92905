"""The page stays under 3 MB, whatever is in it: drawings, data, downloads, hundreds of runs."""

import re

import pandas as pd
import pytest

from moco_bench.report.render.html import MAX_BYTES
from moco_bench.report.write import write_report

pytestmark = pytest.mark.slow  # pages of megabytes


@pytest.fixture
def undrawn(monkeypatch):
    """Figures of which only chosen ones are large; returns the sizes to choose."""
    filling: dict[str, int] = {}
    monkeypatch.setattr(
        "moco_bench.report.render.figures.as_svg",
        lambda plot: f"<svg viewBox='0 0 1 1'><desc>{'x' * filling.get(plot.name, 10)}</desc></svg>",
    )
    monkeypatch.setattr("moco_bench.report.render.figures.as_png", lambda plot: b"small")
    return filling


def html_of(page):
    assert page.stat().st_size <= MAX_BYTES
    return page.read_text(encoding="utf-8")


def test_the_largest_drawing_alone_becomes_an_image(tmp_path, synthetic, undrawn):
    undrawn.update(effects=1_900_000, pairs=1_500_000)
    page = write_report(synthetic.write_results(tmp_path, synthetic.suite_values(2, epochs=3)), tmp_path / "out")
    text = html_of(page)
    assert text.count("data:image/png;base64,c21hbGw=") == 1
    assert "as CSV beside this page" not in text, "all downloads are still in the page"


def test_an_image_that_finds_no_room_lies_beside_the_page(tmp_path, synthetic, undrawn, monkeypatch):
    undrawn.update(effects=4_000_000)
    png = {"effects": b"x" * 3_000_000}
    monkeypatch.setattr("moco_bench.report.render.figures.as_png", lambda plot: png.get(plot.name, b"small"))
    page = write_report(synthetic.write_results(tmp_path, synthetic.suite_values(2, epochs=3)), tmp_path / "out")
    assert re.findall(r'src="(figures/[^"]+)"', html_of(page)) == ["figures/effects.png"]
    assert (page.parent / "figures/effects.png").stat().st_size == 3_000_000


def test_long_histories_are_linked_instead_of_carried(tmp_path, synthetic, undrawn):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    for file in path.glob("runs/*/*/*/*/history.csv"):
        history = pd.read_csv(file)
        longer = pd.concat([history] * 250, ignore_index=True).assign(epoch=range(1, 250 * len(history) + 1))
        longer.to_csv(file, index=False)
    text = html_of(write_report(path, tmp_path / "out"))
    assert (
        'href="figures/learning.csv" aria-label="Data of the figure Learning curves, as CSV beside this page"' in text
    )
    assert (tmp_path / "out" / "figures" / "learning.csv").stat().st_size > 1_000_000
    assert 'download="effects.csv" href="data:text/csv' in text, "what is small stays in the page"


def test_runs_that_are_too_many_are_shown_in_part(tmp_path, undrawn, monkeypatch):
    limit = 150_000
    monkeypatch.setattr("moco_bench.report.render.html.MAX_BYTES", limit)
    rows = [f"{arm},d,e,{seed},done,{60 + seed % 7}" for arm in ("vanilla", "dual") for seed in range(400)]
    (tmp_path / "runs.csv").write_text("\n".join(["arm,dataset,encoder,seed,status,knn_top1", *rows]))
    page = write_report(tmp_path, tmp_path / "out")
    assert page.stat().st_size <= limit
    text = page.read_text(encoding="utf-8")
    shown, whole = map(int, re.search(r"The first (\d+) of (\d+) rows, so that this page stays small", text).groups())
    assert whole in (400, 800)
    assert 10 <= shown < whole
    assert len(pd.read_csv(tmp_path / "out" / "tables" / "runs.csv")) == 800, "the file has all of them"
    assert 'href="tables/runs.csv"' in page.with_name("runs.html").read_text(encoding="utf-8")


def test_a_page_that_fits_carries_everything(tmp_path, synthetic, undrawn):
    text = html_of(write_report(synthetic.write_results(tmp_path, synthetic.suite_values(2)), tmp_path / "out"))
    assert "as CSV beside this page" not in text
    assert "so that this page stays small" not in text
    assert "data:image/png" not in text
