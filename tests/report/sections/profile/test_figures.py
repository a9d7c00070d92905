import pytest

from moco_bench.report.sections.memory_claim import (
    pareto_figure,
)
from moco_bench.report.sections.profile.figures import step_time_figure, timeline_figure


def test_bars_hold_the_table(results):
    data = step_time_figure(results).data
    assert data.loc[(data["arm"] == "dual") & (data["part"] == "loss"), "median_ms"].item() == pytest.approx(5.5)
    shown = timeline_figure(results).data
    assert shown["activations saved for backward"].max() == 50
    front = pareto_figure(results).data
    assert front[front["arm"] == "vanilla"]["on_front"].all()  # nothing is cheaper
