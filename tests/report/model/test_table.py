"""Cells, columns and tables before they become files."""

from dataclasses import replace

import pandas as pd
import pytest

from moco_bench.analyse.text import ABSENT
from moco_bench.report.model.table import KEY, Cell, Column, Source, Table, cell, mean_cell


def test_numbers_lead_to_the_tables_source_and_words_do_not():
    columns = (Column("a", "A", numeric=False), Column("b", "B"), Column("c", "C", numeric=False, sourced=True))
    row = (cell("arm 1"), cell("1.5", 1.5), cell("[+1, +2]"))
    table = Table("t", "T", "C", columns, (row,), source=Source("runs.csv", "runs.csv"))
    assert [table.leads(place, one) for place, one in enumerate(row)] == [False, True, True]
    assert not table.leads(1, Cell(ABSENT))
    assert not table.leads(1, cell("1.5", href="other.csv"))
    assert not replace(table, source=None).leads(1, row[1])


def test_columns_that_say_nothing_are_dropped():
    columns = (Column.text("a", "A"), Column.text("b", "B"), Column.text("c", "C"))
    rows = ({"a": "1", "b": "x", "c": "y"}, {"a": "2", "b": "x", "c": "z"}, {"a": "3", "b": "", "c": "z"})
    table = Table.of("t", "T", "", columns, rows, without=("b", "c"))
    assert [column.name for column in table.columns] == ["a", "c"]
    assert [c.text for c in table.rows[0]] == ["1", "y"]


def test_a_key_that_says_the_same_in_every_row_goes_and_a_table_without_rows_is_none():
    columns = (Column.text("arm", "Arm"), *KEY)
    rows = [{"arm": arm, "dataset": "d", "encoder": arm, "budget": "epochs"} for arm in ("a", "b")]
    assert [column.name for column in Table.of("t", "T", "", columns, rows).columns] == ["arm", "encoder"]
    assert Table.of("t", "T", "", columns, []) is None


def test_readers_see_what_differs_and_files_have_all():
    columns = (Column.text("arm", "Arm"), Column.number("n", "Seeds"), Column.number("top1", "kNN", 2))
    table = Table.of("t", "T", "", columns, [{"arm": arm, "n": 3, "top1": top1} for arm, top1 in (("a", 1), ("b", 2))])
    shown = table.shown()
    assert [column.name for column in shown.columns] == ["arm", "top1"]
    assert shown.note == "In every row: Seeds 3."
    assert list(table.frame()) == ["arm", "n", "top1"]
    assert table.frame()["top1"].tolist() == [1, 2]
    assert [row[2].text for row in table.rows] == ["1.00", "2.00"]


def test_a_mean_has_its_standard_deviation_beside_it_and_in_a_column_of_the_file():
    spread = mean_cell(pd.Series([1.0, 3.0, None]), 1)
    assert spread.text == "2.0 \u00b1 1.4"
    assert mean_cell(pd.Series([2.0]), 1).text == "2.0"
    assert mean_cell(pd.Series([None]), 1).text == ABSENT
    frame = Table("t", "T", "", (Column("x", "X"),), ((spread,), (mean_cell(pd.Series([2.0]), 1),))).frame()
    assert frame["x"].tolist() == [2.0, 2.0]
    assert frame["x_sd"].tolist() == pytest.approx([2**0.5, float("nan")], nan_ok=True)


def test_a_mean_of_a_column_that_a_rows_frame_lacks_is_a_dash():
    column = Column.mean("seconds", "Seconds", 0, lambda row: row["values"])
    rows = ({"values": pd.DataFrame({"seconds": [1.0, 3.0]})}, {"values": pd.DataFrame({"knn_top1": [50.0]})})
    table = Table.of("t", "T", "", (Column.text("a", "A", lambda row: "x"), column), rows)
    assert [row[1].text for row in table.rows] == ["2 \u00b1 1", ABSENT]
