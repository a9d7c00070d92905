"""The table of every run, and of the machines that they ran on."""

import dataclasses

from moco_bench.analyse.text import ABSENT
from moco_bench.measure.machine import describe_machine, describe_versions
from moco_bench.report.sections.runs import machines_table, runs_table


def test_every_run_is_listed_with_its_source(loaded):
    table = runs_table(*loaded)
    assert len(table.rows) == 20
    by_status = {row[2].text: row for row in table.rows}
    assert by_status["done"][3].href.endswith("metrics.json")
    assert by_status["missing"][3].href == ""


def test_machines_say_what_was_recorded(loaded):
    (row,) = machines_table(*loaded).frame().to_dict("records")
    assert row["moco_bench"] == "0.1.0"
    assert row["gpu"] == "2 \u00d7 Synthetic GPU"
    assert row["bfloat16_hardware"] == "amx"
    assert ABSENT not in row.values()


def test_the_synthetic_records_have_the_keys_of_real_ones(loaded):
    record = next(iter(loaded[0].records.values()))
    assert set(record["machine"]) == set(describe_machine())
    assert set(record["versions"]) == set(describe_versions())


def test_machines_are_told_apart(loaded):
    results, links = loaded
    table = machines_table(results, links)
    assert len(table.rows) == 1
    place = next(iter(results.records))
    odd = {**results.records[place], "machine": {"cpu": "Another", "memory_gib": "much"}, "versions": None}
    two = machines_table(dataclasses.replace(results, records={**results.records, place: odd}), links)
    assert [row[-1].value for row in two.rows] == [1, len(results.records) - 1]
    assert machines_table(dataclasses.replace(results, records={}), links) is None
