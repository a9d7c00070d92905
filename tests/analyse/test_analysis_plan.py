import pytest
import yaml

from moco_bench.analyse.analysis_plan import AnalysisPlan, plan_for
from moco_bench.errors import InputError
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.identity.analysis import analysis_fingerprint
from moco_bench.suite.metrics import METRICS
from moco_bench.suite.validation import validate

SUITE = {"name": "s", "dataset": "digits", "encoder": "resnet-compact", "arms": {"vanilla": None}}


def write(folder, **changes):
    (folder / "suite.yaml").write_text(yaml.safe_dump({**SUITE, **changes}))
    return plan_for(folder)


def test_a_suite_may_name_every_metric_and_no_other():
    assert AnalysisConfig(metrics=tuple(METRICS)).metrics == tuple(METRICS)
    with pytest.raises(InputError, match=r"'knn_top2' is none of .* did you mean 'knn_top1'"):
        validate(AnalysisConfig, {"metrics": ["knn_top2"]}, "analysis")


def test_without_a_suite_the_defaults_hold(tmp_path):
    assert plan_for(tmp_path) == AnalysisPlan()


def test_the_suite_is_read(tmp_path):
    plan = write(tmp_path, analysis={"margin_points": 0.5}, baseline="vanilla")
    assert plan.config.margin_points == 0.5
    assert plan.suite is not None


def test_a_rule_that_changes_changes_the_fingerprint(tmp_path):
    plain = write(tmp_path).fingerprint
    assert len(plain) == 64
    assert write(tmp_path).fingerprint == plain
    assert write(tmp_path, train={"epochs": 3}).fingerprint != plain
    assert write(tmp_path, train={"checkpoint_seconds": 3.0}).fingerprint == plain
    assert write(tmp_path, analysis={"margin_points": 0.5}).fingerprint != plain
    claim = {"name": "x", "claim": "y", "metric": "knn_top1", "effect": "dual_view"}
    higher = write(tmp_path, analysis={"claims": [claim]}).fingerprint
    assert higher != plain
    assert write(tmp_path, analysis={"claims": [{**claim, "direction": "lower"}]}).fingerprint != higher
    assert AnalysisPlan().fingerprint != plain


def test_it_is_the_fingerprint_that_a_run_can_record(tmp_path):
    plan = write(tmp_path, seeds=3)
    assert plan.suite is not None
    assert plan.fingerprint == analysis_fingerprint(plan.suite)


@pytest.mark.parametrize(
    "analysis",
    [
        {"confidence": 2},
        {"margin_points": 0},
        {"metrics": ["accuracy"]},
        {"claims": [{"name": "x", "claim": "y", "metric": "knn_top1"}]},
        {"claims": [{"name": "x", "claim": "y"}, {"name": "x", "claim": "z"}]},
        {"margins": 1},
    ],
)
def test_bad_declarations_are_one_line(tmp_path, analysis):
    with pytest.raises(InputError) as caught:
        write(tmp_path, analysis=analysis)
    assert "\n" not in str(caught.value)


def test_defaults_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        AnalysisConfig().margin_points = 2  # type: ignore[misc]
