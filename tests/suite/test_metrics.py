from dataclasses import replace

import pytest

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.table import columns, read_runs
from moco_bench.errors import InputError
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.metrics import METRICS, MetricColumn, register

CENTRED = MetricColumn("centred_kernel", "Centred kernel alignment", "CKA", "", "higher", "structure", 3)


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr("moco_bench.suite.metrics.METRICS", METRICS)
    register(CENTRED)
    yield CENTRED
    del METRICS[CENTRED.name]


def test_a_registered_metric_flows_into_effects_by_itself(registered, tmp_path):
    rows = [f"{arm},d,e,{seed},done,{50 + seed},{0.5 + 0.1 * (arm == 'dual') + seed / 100}"
            for arm in ("vanilla", "dual") for seed in range(3)]  # fmt: skip
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(["arm,dataset,encoder,seed,status,knn_top1,centred_kernel", *rows]))
    assert registered.name in columns()
    effects = effects_of(read_runs(path), AnalysisPlan())
    (row,) = effects[effects["metric"] == registered.name].to_dict("records")
    assert row["estimate"] == pytest.approx(0.1)
    assert AnalysisConfig(metrics=(registered.name,)).metrics == (registered.name,)


@pytest.mark.parametrize("name", ["knn_top1", "status", "budget", "effect", "no name"])
def test_a_name_that_is_taken_is_refused(name):
    with pytest.raises(InputError, match="metric"):
        register(replace(CENTRED, name=name))
    assert METRICS["knn_top1"].title == "kNN accuracy"
    register(METRICS["knn_top1"])  # the same one again changes nothing
