"""The tables of a profile hold what was measured."""

import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.profile.tables import profile_table, tensor_parts_table, work_table


def test_the_table_shows_the_profiles_figures(results, links):
    frame = profile_table(results, links).frame().set_index("arm")
    assert frame.loc["both", "step_ms"] == pytest.approx(75 * 1.3)
    assert frame.loc["both", "relative_time"] == pytest.approx(1.3)
    assert frame.loc["both", "in_references"] == pytest.approx(2.5 * 1.3)
    assert frame.loc["vanilla", "images_per_second"] == pytest.approx(128_000 / 75, rel=1e-6)
    assert frame.loc["vanilla", "tensors_mib"] == pytest.approx(60)
    assert frame.loc["both", "relative_tensors"] == pytest.approx((54 + 6 * 1.3) / 60)
    assert frame.loc["vanilla", "unattributed"] == pytest.approx(100 * 8 / 680)
    assert frame.loc["vanilla", "peak_mib_evaluation"] == pytest.approx(680)
    assert frame.loc["vanilla", "unattributed_evaluation"] == pytest.approx(100 * 8 / 680)
    assert frame["tensors_mib_evaluation"].tolist() == frame["tensors_mib"].tolist()
    assert set(frame["machine"]) == {"undisturbed"}


def test_energy_that_can_not_be_read_is_said_to_be_so(results, links):
    table = work_table(results, links)
    assert set(table.frame()["images_per_joule"]) == set(table.frame()["joules"]) == {"not readable here"}
    assert table.note.startswith("Energy was not measured")
    assert "90 GFLOP/s in bfloat16" in table.caption


def test_energy_is_shown_where_it_was_measured(tmp_path, synthetic, synthetic_profile):
    for energy, joules, said in (("measured", 2.0, "RAPL"), ("the counter never moved: too few steps", None, "moved")):
        path = synthetic.write_results(tmp_path / energy[:8], synthetic.suite_values(2))
        synthetic_profile.write_profile(path, energy=energy)
        table = work_table(load_results(path), Links(path, path / "report"))
        assert set(table.frame()["joules"]) == {joules or "too few steps"}
        assert said in table.note


def test_arms_with_equal_parts_share_a_row(results, links):
    table = tensor_parts_table(results, links)
    frame = table.frame()
    assert "query queue" not in set(frame["part"])  # nobody holds any
    assert frame.loc[frame["part"] == "activations", "arm"].tolist() == ["all"]
    assert frame.loc[frame["part"] == "data set", "highest_during"].item() == "always"
    loss = frame[frame["part"] == "loss"].set_index("arm")
    assert loss.loc["both", "highest_mib"] == pytest.approx(7.8)
    assert set(loss["at_peak_mib"]) == {0.0}
    assert "during query forward (vanilla, dual, filter); loss (both)" in table.caption


def test_a_profile_of_before_has_no_time_in_references(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    file = path / "profile" / "time.csv"
    table = pd.read_csv(file)
    table.drop(columns=[name for name in table if name.startswith("in_references")]).to_csv(file, index=False)
    frame = profile_table(load_results(path), Links(path, path / "report")).frame()
    assert frame["in_references"].isna().all()
    assert len(frame) == 4
