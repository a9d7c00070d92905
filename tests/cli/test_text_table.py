from moco_bench.cli.text_table import text_table


def test_columns_are_as_wide_as_their_widest_cell():
    table = text_table(("arm", "n"), [("key-in-batch", 3), ("a", 12345)])

    assert table.splitlines() == [
        "arm           n",
        "------------  -----",
        "key-in-batch  3",
        "a             12345",
    ]


def test_a_table_without_rows_is_its_header():
    assert text_table(("arm", "seed"), []).splitlines() == ["arm  seed", "---  ----"]
