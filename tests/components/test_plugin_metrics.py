"""A metric of one's own, from its file to the tables."""

import json
from fractions import Fraction
from types import SimpleNamespace
from typing import Literal

import numpy as np
import pytest
import torch
import yaml

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.table import columns, read_runs
from moco_bench.cli.main import main
from moco_bench.components import Metric
from moco_bench.errors import InputError
from moco_bench.evaluate.features import Embeddings
from moco_bench.evaluate.metrics import measured
from moco_bench.suite import metrics as registry
from moco_bench.suite.config import EvaluateConfig
from moco_bench.suite.load import load_suite, parse_suite
from moco_bench.suite.plan import plan_run
from moco_bench.suite.runs import expand
from moco_bench.suite.steps import floors_fingerprint
from moco_bench.suite.strict_yaml import read_yaml

FORMULA = "self.scale * evaluation.test.features.std(dim=0).mean().item()"
SPREAD = '''"""A metric of my own."""
from typing import ClassVar, Literal

from moco_bench.components import Metric


class Spread(Metric):
    """Mean deviation of the features."""

    unit: ClassVar[str] = "au"
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"
    decimals: ClassVar[int] = 2

    name: Literal["my-spread"] = "my-spread"
    scale: float = 1.0

    def compute(self, evaluation):
        return FORMULA
'''.replace("FORMULA", FORMULA)


@pytest.fixture(autouse=True)
def registry_as_it_was():
    before = dict(registry.METRICS)
    yield
    registry.METRICS.clear()
    registry.METRICS.update(before)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spread.py").write_text(SPREAD)
    write(tmp_path)
    return tmp_path


def write(folder, metrics=("my-spread",), **changes):
    suite = {
        "name": "mine",
        "plugins": ["spread.py"],
        "dataset": {"name": "digits", "train_limit": 100, "test_limit": 50},
        "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16},
        "contrast": {"queue_size": 64},
        "train": {"epochs": 1, "batch_size": 32, "precision": "float32"},
        "evaluate": {"knn_k": 10, "corruptions": False, "floors": False, "metrics": list(metrics)},
        "seeds": 2,
        "arms": {"vanilla": None, "dual": {"contrast": {"dual_view": "symmetric"}}},
        "analysis": {"metrics": ["my_spread"]} if metrics else {},
    } | changes
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))
    return folder / "suite.yaml"


def test_it_is_measured_and_flows_into_tables_and_effects(folder, monkeypatch):
    suite, results = folder / "suite.yaml", ["--results", str(folder / "results")]
    assert main(["prepare", str(suite), "--dataset", "digits", *results]) == 0
    for run in expand(load_suite(suite)):
        assert main(["pretrain", str(suite), "--run", run.id, *results]) == 0
        assert main(["evaluate", str(suite), "--run", run.id, *results]) == 0
        assert json.loads((run.directory(folder / "results") / "metrics.json").read_text())["my_spread"] > 0
    assert main(["collect", str(suite), *results]) == 0
    (folder / "spread.py").write_text(SPREAD + "# edited\n")
    assert reasons(folder) == {"the file of metric my-spread has changed"}
    (folder / "spread.py").write_text(SPREAD)
    assert reasons(folder) == {""}
    before = suite.read_text()
    suite.write_text(before.replace("knn_k: 10", "knn_k: 9"))
    assert reasons(folder) == {"evaluation settings or the file of a metric changed"}
    suite.write_text(before)
    (folder / "spread.py").unlink()
    del registry.METRICS["my_spread"]
    copy = folder / "results" / "mine" / "suite.yaml"
    parse_suite(read_yaml(copy), str(copy))
    metric = registry.METRICS["my_spread"]
    assert (metric.unit, metric.better, metric.decimals) == ("au", "higher", 2)
    effects = effects_of(read_runs(folder / "results" / "mine" / "runs.csv"), AnalysisPlan())
    assert "my_spread" in set(effects["metric"])
    registry.forget_added()  # as in a process of its own
    assert main(["analyse", str(folder / "results" / "mine")]) == 0
    registry.forget_added()
    assert main(["report", str(folder / "results" / "mine"), "--out", str(folder / "reports")]) == 0
    assert "My spread, au" in (folder / "reports" / "report.html").read_text()


def reasons(folder):
    runs = expand(load_suite(folder / "suite.yaml"))
    return {plan_run(run, folder / "results").reason for run in runs}


def test_it_is_known_to_its_own_suite_alone(folder, tmp_path):
    load_suite(folder / "suite.yaml")
    assert [metric.unit for metric in registry.added()] == ["au"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "spread.py").write_text(SPREAD.replace('"au"', '"m"'))
    load_suite(write(other))
    assert [metric.unit for metric in registry.added()] == ["m"]
    load_suite(write(other, metrics=()))
    assert registry.added() == ()
    with pytest.raises(InputError, match="my_spread"):
        load_suite(write(other, metrics=(), analysis={"metrics": ["my_spread"]}))


def test_a_suite_without_metrics_has_the_fingerprints_it_had(folder):
    with_it = load_suite(folder / "suite.yaml")
    without = load_suite(write(folder, metrics=()))
    mine, plain = expand(with_it)[0], expand(without)[0]
    assert mine.fingerprint == plain.fingerprint
    assert mine.evaluation_fingerprint != plain.evaluation_fingerprint
    assert floors_fingerprint(with_it, with_it.datasets[0]) == floors_fingerprint(without, without.datasets[0])


def test_an_edit_or_another_setting_evaluates_again_and_trains_nothing(folder):
    before = expand(load_suite(folder / "suite.yaml"))[0]
    scaled = expand(load_suite(write(folder, metrics=[{"name": "my-spread", "scale": 2.0}])))[0]
    (folder / "spread.py").write_text(SPREAD + "# edited\n")
    edited = expand(load_suite(write(folder)))[0]
    assert len({run.evaluation_fingerprint for run in (before, scaled, edited)}) == 3
    assert len({run.fingerprint for run in (before, scaled, edited)}) == 1


@pytest.mark.parametrize(
    ("text", "metrics", "said"),
    [
        (SPREAD.replace("my-spread", "uniformity"), ["uniformity"], "the name of a built-in"),
        (SPREAD.replace("my-spread", "status"), ["status"], "'status': the name is taken"),
        (SPREAD.replace("my-spread", "knn-top1"), ["knn-top1"], "'knn_top1': the name is taken"),
        (SPREAD.replace('"higher"\n', '"up"\n'), ["my-spread"], "spread.py:7: `better` is 'up'"),
        (SPREAD.replace("compute", "computed"), ["my-spread"], "no method `compute"),
        (SPREAD, ["my-spread", "my-spread"], "`my-spread` twice"),
        (SPREAD, ["uniformity"], "measured anyway"),
        (SPREAD, ["my-spraed"], "'my-spraed' is none of .*did you mean 'my-spread'"),
    ],
)
def test_what_cannot_be_is_one_line(folder, text, metrics, said):
    (folder / "spread.py").write_text(text)
    with pytest.raises(InputError, match=said):
        load_suite(write(folder, metrics=metrics, analysis={}))
    assert "my_spread" not in columns() or metrics.count("my-spread") > 1


class Given(Metric):
    """Gives what it is told to give."""

    name: Literal["given"] = "given"
    formula: str = "1.0"

    def compute(self, evaluation):
        """What the formula says."""
        return eval(self.formula, {"evaluation": evaluation, "np": np, "torch": torch, "Fraction": Fraction})


def given(formula):
    bank = test = Embeddings(torch.ones(4, 3), torch.ones(4, 2))
    split = SimpleNamespace(labels=torch.zeros(4, dtype=torch.int64))
    dataset = SimpleNamespace(labelled=split, evaluation=split, classes=("a",))
    return measured([Given(formula=formula)], bank, test, dataset, EvaluateConfig(), 0)["given"]


@pytest.mark.parametrize(
    "formula", ["2", "2.0", "np.float32(2)", "np.int64(2)", "torch.tensor(2)", "np.array(2.0)", "Fraction(2)"]
)
def test_every_kind_of_number_is_one(formula):
    value = given(formula)
    assert value == 2
    assert type(value) is float


@pytest.mark.parametrize(
    "formula",
    ["float('nan')", "'much'", "evaluation.test.features", "True", "np.float32('inf')", "torch.ones(1)", "2j", "[2.0]"],
)
def test_a_value_that_is_no_number_is_one_line(formula):
    with pytest.raises(InputError, match=r"metric given: `compute` gave .*; a finite number or None") as error:
        given(formula)
    assert "\n" not in str(error.value)
    assert given("None") is None


@pytest.mark.parametrize(
    "formula",
    [
        "float(evaluation.test.features.sub_(0.5).mean())",
        "float(evaluation.bank.projections.numpy().__imul__(2).mean())",
        "float(evaluation.test.labels.add_(1).sum())",
    ],
)
def test_a_metric_that_changes_what_others_measure_too_is_refused(formula):
    with pytest.raises(InputError, match="metric given: `compute` writes into what it is given; work on a copy"):
        given(formula)


def test_what_a_metric_gives_wrongly_ends_its_run_in_one_line(folder, capsys):
    (folder / "spread.py").write_text(SPREAD.replace(FORMULA, "'much'"))
    suite, results = folder / "suite.yaml", ["--results", str(folder / "results")]
    assert main(["prepare", str(suite), "--dataset", "digits", *results]) == 0
    run = expand(load_suite(suite))[0]
    capsys.readouterr()
    codes = [main([step, str(suite), "--run", run.id, *results]) for step in ("pretrain", "evaluate")]
    assert 2 in codes
    assert "metric my_spread: `compute` gave" in capsys.readouterr().err
