"""Measurements as rows: medians of rounds, ratios within them, and what takes exclusiveness away."""

import pytest

from moco_bench.profile.parts import PARTS
from moco_bench.profile.tables import clock_overhead, time_rows
from moco_bench.profile.timing import STEP, Sample


def sample(arm: str, repeat: int, number: int, part: str, milliseconds: float, load: float = 0.0) -> Sample:
    return Sample(arm, repeat, number, part, milliseconds, load, 1.0, None)


def test_medians_of_rounds_and_ratios_within_them():
    """The second round is three times slower for both arms: times spread, the ratio doesn't."""
    samples = [
        sample(arm, repeat, number, STEP, factor * base * (1 + 0.1 * (number == 0)))
        for arm, factor in (("vanilla", 1.0), ("filter", 1.5))
        for repeat, base in enumerate((10.0, 30.0, 11.0))
        for number in range(3)
    ]
    vanilla, filtered = time_rows(samples, {"vanilla": 64, "filter": 64}, "vanilla")
    assert vanilla["median_ms"] == 11.0
    assert (vanilla["q1"], vanilla["q3"]) == (10.5, 20.5)
    assert vanilla["images_per_second"] == pytest.approx(64 / 0.011)
    assert (filtered["ratio"], filtered["ratio_q1"], filtered["ratio_q3"]) == (1.5, 1.5, 1.5)
    assert filtered["rounds"] == 3


def test_a_slow_machine_cancels_out_of_the_time_in_references():
    samples = [
        Sample("vanilla", repeat, number, STEP, slow * 60.0 * (1 + number), 0.0, slow * 20.0, None)
        for repeat, slow in enumerate((1.0, 1.3, 2.0, 1.1))
        for number in range(2)
    ]
    (row,) = time_rows(samples, {"vanilla": 8}, "vanilla")
    assert row["in_references"] == row["in_references_q1"] == row["in_references_q3"] == pytest.approx(3.0)
    assert row["median_ms"] == pytest.approx(72.0)


def test_a_round_is_worth_its_fastest_step():
    """What disturbs a step makes it longer. Of divided steps the fastest is taken whole: its parts are those of one."""
    samples = [
        sample("vanilla", repeat, number, part, milliseconds)
        for repeat in range(3)
        for number, parts in enumerate(
            ({STEP: 9.0, "loss": 2.0, "backward": 8.0}, {STEP: 7.0, "loss": 4.0, "backward": 3.0})
        )
        for part, milliseconds in parts.items()
    ]
    times = {row["part"]: row["median_ms"] for row in time_rows(samples, {"vanilla": 8}, "vanilla")}
    assert times == {STEP: 7.0, "loss": 4.0, "backward": 3.0}


def test_only_whole_steps_have_a_throughput():
    rows = time_rows(
        [sample("vanilla", 0, 0, STEP, 5.0), sample("vanilla", 0, 0, "loss", 1.0)], {"vanilla": 8}, "vanilla"
    )
    assert [row["images_per_second"] is None for row in rows] == [False, True]


def test_foreign_load_takes_exclusiveness_away():
    for load, exclusive in ((0.0, True), (0.2, False)):
        (row,) = time_rows([sample("vanilla", 0, 0, STEP, 5.0, load)], {"vanilla": 8}, "vanilla")
        assert row["exclusive"] is exclusive
        assert row["foreign_load"] == load


@pytest.mark.parametrize(
    ("references", "exclusive"),
    [((1.7, 1.75, 1.72, 1.71), True), ((1.7, 3.4, 1.7, 3.4), False), ((1.7, 3.4), True)],
    ids=["steady", "unsteady", "too few to say"],
)
def test_an_unsteady_reference_takes_exclusiveness_away(references, exclusive):
    """Nobody else was seen, and yet one and the same work took twice as long: a hypervisor, heat."""
    samples = [
        Sample("vanilla", repeat, 0, STEP, 5.0, 0.0, reference, None) for repeat, reference in enumerate(references)
    ]
    (row,) = time_rows(samples, {"vanilla": 8}, "vanilla")
    assert row["exclusive"] is exclusive
    assert (row["reference_spread"] is None) is (len(references) < 4)


def test_a_shared_device_takes_exclusiveness_away():
    samples = [sample("vanilla", repeat, 0, STEP, 5.0) for repeat in range(4)]
    for shared in (False, True):
        (row,) = time_rows(samples, {"vanilla": 8}, "vanilla", hindered=shared)
        assert row["exclusive"] is not shared


def test_an_arm_without_its_baseline_has_no_ratio():
    (row,) = time_rows([sample("filter", 0, 0, STEP, 5.0)], {"filter": 8}, "vanilla")
    assert row["ratio"] is None


def test_the_clocks_own_cost_is_measured():
    samples = []
    for number in range(5):
        samples += [sample("vanilla", 0, number, part, 1.0) for part in PARTS]
        samples.append(sample("vanilla", 0, number, STEP, len(PARTS) / 1.1))
    assert clock_overhead(samples) == pytest.approx(0.1)
    assert clock_overhead([]) is None
