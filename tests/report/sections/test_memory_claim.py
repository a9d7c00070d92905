"""What the report says of a profile's memory: the claim, whichever loss it is judged with, and the largest batch."""

import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.first_screen.notes import first_screen_cost
from moco_bench.report.sections.memory_claim import (
    capacity_table,
    memory_claim_notes,
    memory_claim_table,
)
from moco_bench.report.sections.profile.notes import tensor_notes


def test_both_ways_of_writing_the_loss_stand_in_one_row(results, links):
    table = memory_claim_table(results, links)
    both = table.frame().query("arm == 'both'").set_index("at")
    assert "fixed accuracy" in both.index
    long = both.loc["queue of 262,144"]
    assert (long["streamed_verdict"], long["kept_verdict"]) == ("higher", "higher with ties, else no difference")
    assert long["streamed_ratio"] == long["kept_ratio"] == pytest.approx(1.3)
    place = [column.name for column in table.columns].index("kept_ratio")
    shown = {row[0].text: row[place].text for row in table.rows if row[1].text == "both"}
    assert shown["queue of 4,096"] == "1.300 [1.000]", "with ties, and in a typical step"
    (note,) = memory_claim_notes(results)
    assert note.startswith("Tensor memory of both relative to vanilla: 1.03 to 1.30 with this package")
    assert "1.30 with a loss that materialises the logits" in note


def test_queues_of_an_earlier_profile_are_judged_without_typical_steps(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    file = path / "profile" / "queues.csv"
    pd.read_csv(file).drop(columns="typical_tensor_mib").to_csv(file, index=False)
    results = load_results(path)
    table = memory_claim_table(results, Links(path, path / "report"))
    assert table.frame().set_index(["arm", "at"]).loc[("both", "queue of 4,096"), "kept_verdict"] == "higher"
    assert not any("[" in cell.text for row in table.rows for cell in row)


def test_a_limit_that_the_machine_set_is_named(results, links):
    path = results.directory / "profile" / "capacity.csv"
    stated = path.read_text()
    assert "higher limit" not in capacity_table(results, links).caption
    header, *rows = stated.splitlines()
    path.write_text("\n".join([f"{header},limited_by", *(f"{row},available" for row in rows)]))
    try:
        assert "The suite states a higher limit" in capacity_table(results, links).caption
    finally:
        path.write_text(stated)


def test_both_ways_of_writing_the_loss_stand_on_the_first_screen(results, links):
    assert any("with a loss that materialises the logits" in note.text for note in first_screen_cost(results, links))


def test_memory_is_counted_bytes_beside_the_baselines(results):
    (sentence,) = tensor_notes(results)
    assert "vanilla 60.0 MiB, dual 60.6 MiB (+1.0 %)" in sentence
    assert "both 61.8 MiB (+3.0 %)" in sentence


def test_equal_memory_is_said_once(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    table = pd.read_csv(path / "profile" / "memory.csv")
    table.loc[table["part"] == "loss", "mib"] = 6.0
    table.to_csv(path / "profile" / "memory.csv", index=False)
    (sentence,) = tensor_notes(load_results(path))
    assert "60.0 MiB in every arm" in sentence
