from moco_bench.report.sections.mechanism.tables import mechanism_table


def test_mechanism_stands_beside_the_difference(loaded):
    table = mechanism_table(*loaded).frame().set_index("arm")
    assert table.loc["filter", "false_negative_rate_kept"] > table.loc["vanilla", "false_negative_rate_kept"]
    assert table.loc["both", "accuracy_difference"] > 0
    assert {"alignment", "uniformity", "effective_rank", "positive_similarity"} <= set(table.columns)
