"""The table of claims, and under which analysis runs were started."""

import dataclasses

import pandas as pd

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.claims import claims_table, registration_note


def test_claims_carry_units_and_readings(loaded):
    table = claims_table(*loaded)
    by_claim = {row[0].text: row for row in table.rows}
    memory = by_claim["The framework needs less memory."]
    assert " MiB [" in memory[2].text
    assert memory[3].text.startswith("Peak memory of training")
    assert by_claim["The approach carries over to other domains such as language."][1].text == "not tested"


def test_a_claim_on_counted_bytes_has_no_interval(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    synthetic_profile.write_profile(path)
    table = claims_table(load_results(path), Links(path, path))
    (memory,) = (row for row in table.rows if row[0].text == "The framework needs less memory.")
    assert memory[2].text == "+1.8 MiB counted"
    assert memory[1].text == "depends on the implementation"
    assert "counted bytes" in memory[3].text


def test_runs_that_were_started_under_other_rules_are_named(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    results = load_results(path)
    assert registration_note(results) == "All 8 runs were started under this analysis."
    places = sorted(results.records)
    changed = {**results.records[places[0]], "analysis_fingerprint": "0" * 64}
    older = {name: value for name, value in results.records[places[1]].items() if name != "analysis_fingerprint"}
    records = {**results.records, places[0]: changed, places[1]: older}
    note = registration_note(dataclasses.replace(results, records=records))
    assert "1 of 8 runs was started under another analysis" in note
    assert places[0].removeprefix("runs/") in note
    assert "1 of 8 runs doesn\u2019t say under which analysis" in note


def test_runs_of_a_bare_table_say_nothing_about_registration(tmp_path):
    pd.DataFrame({"arm": ["a"], "dataset": ["d"], "encoder": ["e"], "seed": [0], "status": ["done"]}).to_csv(
        tmp_path / "runs.csv", index=False
    )
    assert registration_note(load_results(tmp_path)) == ""
