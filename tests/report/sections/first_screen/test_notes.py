"""What the first screen says of cost."""

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.first_screen.notes import first_screen_cost

ALL = ("seed0", "seed1", "seed2")


def cost_of(path):
    return " ".join(note.text for note in first_screen_cost(load_results(path), Links(path, path / "report")))


def test_cost_with_a_profile_speaks_of_the_profile_alone(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3), foreign=ALL)
    synthetic_profile.write_profile(path)
    said = cost_of(path)
    assert "A training step of vanilla takes 75 ms" in said
    assert "not reported" not in said
    assert "\u00b1" not in said, "the runs' own figures, with their spread over seeds"
    assert "peak memory of the process" not in said.lower()


def test_cost_without_a_profile_shows_the_spread_of_memory(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    said = cost_of(path)
    assert "Speed relative to vanilla: dual 0.9" in said
    own = load_results(path).finished
    mean, spread = (own.loc[own["arm"] == "both", "peak_memory_mib"].agg(f) for f in ("mean", "std"))
    assert f"both {mean:.0f} \u00b1 {spread:.0f} MiB" in said
