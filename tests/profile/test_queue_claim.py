"""The memory claim at growing queues, with each way of writing the loss."""

import pytest

from moco_bench.analyse.counted_memory import WRITTEN
from moco_bench.analyse.memory_claim import OWN_LOSS
from moco_bench.profile.memory import watch_step
from moco_bench.profile.parts import LOSS
from moco_bench.profile.queue_claim import VERSIONS, queue_rows
from moco_bench.profile.stepper import Stepper


def quiet(line: str) -> None:
    pass


def test_the_loss_that_holds_all_logits_needs_more(make_runs, dataset):
    runs = make_runs("vanilla", "filter", train={"batch_size": 64})
    rows = queue_rows(runs, dataset, "cpu", (81920,), quiet)
    sizes = {(row["arm"], row["version"]): row for row in rows}
    logits = 64 * 81920 * 4 / 2**20
    for arm in runs:
        assert sizes[arm, "plain"]["loss_mib"] >= logits
        assert sizes[arm, "streamed"]["loss_mib"] < 0.5 * logits
        assert sizes[arm, "plain"]["queue_mib"] == sizes[arm, "streamed"]["queue_mib"]
        for row in (sizes[arm, version] for version in VERSIONS):
            assert row["typical_tensor_mib"] <= row["tensor_mib"]


def test_a_filter_that_sums_only_what_it_keeps_needs_less_than_no_filter(make_runs, dataset):
    """A quarter is kept: its logits, their places (int64) and their gradients are less than a softmax over all."""
    runs = make_runs("vanilla", "filter", train={"batch_size": 64})
    rows = queue_rows(runs, dataset, "cpu", (81920,), quiet)
    loss = {(row["arm"], row["version"]): row["typical_loss_mib"] for row in rows}
    assert loss["filter", "plain"] > loss["vanilla", "plain"] > loss["vanilla", "kept"]
    whole = {(row["arm"], row["version"]): row["typical_tensor_mib"] for row in rows}
    assert whole["filter", "kept"] < 0.9 * whole["vanilla", "kept"]


def test_a_rule_that_topk_does_not_carry_out_has_no_row_of_it(make_runs, dataset):
    runs = make_runs("vanilla", "anchored")  # which keeps random keys
    rows = queue_rows(runs, dataset, "cpu", (64,), quiet)
    assert [row["version"] for row in rows if row["arm"] == "anchored"] == ["streamed", "plain"]
    assert {row["version"] for row in rows if row["arm"] == "vanilla"} == set(VERSIONS) == {OWN_LOSS, *WRITTEN}


@pytest.mark.parametrize("version", ["streamed", "plain"])
def test_memory_is_that_of_a_step_that_has_ties_to_settle(make_runs, dataset, version):
    """Without planted ties it hangs on the step's values, and would be called a difference between two arms."""
    run = make_runs("vanilla", "filter", contrast={"queue_size": 4096})["filter"]
    peaks = {False: set(), True: set()}
    for planted in peaks:
        for steps in (1, 2, 4):
            stepper = Stepper(run, dataset)
            for _ in range(steps):
                stepper.step()
            if planted:
                stepper.plant_ties()
            with VERSIONS[version]():
                peaks[planted].add(watch_step(stepper).timeline.highest(LOSS))
    assert max(peaks[True]) < 1.001 * min(peaks[True])
    assert min(peaks[True]) > min(peaks[False])
