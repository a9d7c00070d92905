import pytest

from moco_bench.report.sections.effects.figures import effects_figure


def test_effects_show_what_the_table_says(four_seeds):
    data = effects_figure(four_seeds).data
    summary = data[data["seed"] == "all"].set_index("effect")
    values = four_seeds.seed_values
    assert set(values["effect"]) == set(summary.index)
    for effect, own in values.groupby("effect"):
        assert summary.loc[effect, "estimate"] == pytest.approx(own["value"].mean())
