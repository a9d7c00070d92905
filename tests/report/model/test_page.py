"""What a page holds, gathered from its sections."""

import pandas as pd
from matplotlib.figure import Figure

from moco_bench.report.model.page import Page, PageSection, Plot, Summary
from moco_bench.report.model.table import Table

SHOWN, FOLDED, RUNS = (Table(name, name, "", (), ()) for name in ("shown", "folded", "runs"))


def drawing(name: str) -> Plot:
    return Plot("", "", Figure(), pd.DataFrame(), name=name)


def test_tables_and_drawings_of_all_sections_are_gathered_in_the_order_of_the_page():
    first, second, third = drawing("first screen"), drawing("a"), drawing("b")
    sections = (
        PageSection("one", "One", items=(second, SHOWN), folded=(FOLDED,)),
        PageSection("two", "Two", items=(third,)),
    )
    page = Page(
        name="s", description="", summary=Summary("", "", (), (), "", ""), source=None, warning="", figures=(first,),
        cost=(), sections=sections, runs=RUNS, suite=None, repeat=(), fingerprint="",
    )  # fmt: skip
    assert page.tables == (SHOWN, FOLDED)
    assert page.written_tables == (SHOWN, FOLDED, RUNS)
    assert [drawn.name for drawn in page.drawings] == ["first screen", "a", "b"]
