"""What the report says of a profile's memory: the claim, whichever loss it is judged with, and the largest batch."""

import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.memory_claim.notes import memory_claim_notes, written_otherwise_notes
from moco_bench.report.sections.memory_claim.tables import capacity_table, memory_claim_table
from moco_bench.report.sections.profile.notes import tensor_notes


@pytest.fixture(scope="module")
def results(profiled_directory):
    return load_results(profiled_directory)


@pytest.fixture(scope="module")
def links(profiled_directory):
    return Links(profiled_directory, profiled_directory / "report")


def test_the_memory_claim_is_judged_everywhere_it_was_measured(results, links):
    frame = memory_claim_table(results, links).frame()
    both = frame[frame["arm"] == "both"].set_index(["at", "quantity"])["verdict"]
    assert both["fixed batch", "process"] == "no difference"
    assert both["queue of 262,144, this loss", "tensors"] == "higher"
    assert ("fixed accuracy", "tensors") in both
    kept = both["queue of 4,096, a loss that holds the logits that it sums", "tensors"]
    assert kept == "higher with ties, else no difference"
    note, streaming = memory_claim_notes(results)
    assert "typical step 1.000" in note
    streamed, plain, summed = note.split(". ")[1:]
    assert streamed.startswith("With this loss: higher at queue of 4,096 (1.300); higher at queue of 262,144 (1.300)")
    assert plain.startswith("With a loss that holds all logits: higher with ties, else no difference at queue of 4,096")
    assert summed.startswith("With a loss that holds the logits that it sums: ")
    assert "At 262,144 keys a step of vanilla takes 10 MiB of tensors with this loss" in streaming
    assert note.startswith("Tensor memory of both relative to vanilla: no difference at fixed batch")


def test_queues_of_an_earlier_profile_are_judged_without_typical_steps(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    file = path / "profile" / "queues.csv"
    pd.read_csv(file).drop(columns="typical_tensor_mib").to_csv(file, index=False)
    results = load_results(path)
    frame = memory_claim_table(results, Links(path, path / "report")).frame().set_index(["arm", "at"])
    assert frame.loc[("both", "queue of 4,096, this loss"), "verdict"] == "higher"
    assert "typical" not in " ".join(memory_claim_notes(results))


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


def test_what_another_loss_would_take_stands_beside_the_memory_of_this_one(results):
    (said,) = written_otherwise_notes(results)
    assert said.endswith("takes with both 1.30 times as much memory as with vanilla, at the queues that were measured.")


def test_memory_is_counted_bytes_beside_the_baselines(results):
    (sentence,) = tensor_notes(results)
    assert "vanilla 60.0 MiB, dual 60.6 MiB (+1.0 %)" in sentence
    assert "both 61.8 MiB (+3.0 %)" in sentence
    assert "counted bytes" in sentence


def test_equal_memory_is_said_once(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    table = pd.read_csv(path / "profile" / "memory.csv")
    table.loc[table["part"] == "loss", "mib"] = 6.0
    table.to_csv(path / "profile" / "memory.csv", index=False)
    (sentence,) = tensor_notes(load_results(path))
    assert "60.0 MiB in every arm" in sentence
