"""What is said of a step's time, and of how quiet the machine was."""

import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.profile.notes import (
    machine_notes,
    profile_notes,
    reference_range,
)
from moco_bench.report.sections.profile.tables import profile_table


def test_arms_on_different_threads_are_no_disturbance(tmp_path, synthetic, synthetic_profile):
    """The fixed work runs on the threads of the arm that comes next: longer for one arm is no change of speed."""
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    file = path / "profile" / "samples.csv"
    samples = pd.read_csv(file)
    samples["reference_ms"] = samples["arm"].eq("both").map({True: 4.0, False: 2.0})
    samples.to_csv(file, index=False)
    results = load_results(path)
    (dataset, encoder), *_ = results.cells
    assert reference_range(results, dataset, encoder) in ((2.0, 2.0), (4.0, 4.0))
    assert not any("The timing was disturbed" in said for said in profile_notes(results))


def test_the_first_screen_says_what_a_step_costs(results):
    (sentence,) = profile_notes(results)
    assert sentence.startswith("A training step of vanilla takes 75 ms, which is 1,707 images/s. Relative to it: dual ")
    assert "both 1.30 [1.29, 1.31]" in sentence
    assert "lies between the quartiles" not in sentence


def test_a_noisy_machine_is_named(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path, exclusive=False)
    results = load_results(path)
    assert "other processes used 40 % of the CPU" in profile_notes(results)[-1]
    machine = profile_table(results, Links(path, path / "report")).frame()["machine"]
    assert set(machine) == {"other processes used 40 % of the CPU"}


def test_a_machine_whose_speed_varied_is_not_blamed_on_others(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path, spread=1.4)
    results = load_results(path)
    assert "third quartile 1.40 times the first" in profile_notes(results)[-1]
    assert "other processes" not in profile_notes(results)[-1]
    frame = profile_table(results, Links(path, path / "report")).frame()
    assert set(frame["machine"]) == {"the time of a fixed workload varied (third quartile 1.40 times the first)"}


def test_quartiles_that_include_one_are_said_to(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path, quartile=0.4)
    assert "; 1 lies between the quartiles of each)" in profile_notes(load_results(path))[0]


@pytest.mark.parametrize(("reference", "disturbed"), [((2.0, 2.6), False), ((2.0, 2.7), True), ((1.7, 3.4), True)])
def test_reference_work_that_varied_makes_times_rough(tmp_path, synthetic, synthetic_profile, reference, disturbed):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path, reference=reference)
    notes = profile_notes(load_results(path))
    assert notes[-1].startswith("A fixed workload") == disturbed
    if reference == (1.7, 3.4):
        assert "from 1.7 to 3.4 ms" in notes[-1]


def test_what_else_went_on_is_said(results):
    (said,) = machine_notes(results)
    assert "other processes used 30 % of the CPU (busiest, in processors: compiler 0.50)" in said
    assert "Thermal throttling: 2; held back by a quota: not readable here; fixed workload: 2.5 to 3.0 ms." in said
