"""Whether the page says so where effects.csv and claims.csv say something else than it does."""

import json

import pandas as pd
import pytest
import yaml

from moco_bench.analyse.analysis_plan import plan_for
from moco_bench.analyse.freshness import written_files
from moco_bench.analyse.write import analyse
from moco_bench.files import read_mapping, write_json
from moco_bench.report.read.results import load_results
from moco_bench.suite.profiled import profile_fingerprint
from moco_bench.suite.steps import floors_fingerprint


@pytest.fixture
def path(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    analyse(path)
    return path


def change(path, name, edit):
    table = pd.read_csv(path / name, dtype=str, keep_default_na=False)
    edit(table)
    table.to_csv(path / name, index=False)


def test_files_that_agree_are_linked_and_nothing_is_said(path):
    written = load_results(path).written
    assert (written.effects, written.claims, written.warning) == ("effects.csv", "claims.csv", "")


@pytest.mark.parametrize("name", ["profile/profile.json", "floors/fashion-mnist-5k.json"])
def test_what_was_measured_for_another_design_is_named(path, name):
    """Verdicts use both; after a change of an arm or of the evaluation they are those of another suite."""
    suite = plan_for(path).suite
    asked = {"profile": profile_fingerprint(suite), "floors": floors_fingerprint(suite, suite.datasets[0])}
    for fingerprint, said in ((asked[name.partition("/")[0]], False), ("another", True)):
        content = read_mapping(path / name) if (path / name).exists() else {}
        write_json(path / name, {**content, "fingerprint": fingerprint})
        warning = f"{name} was made for other settings than suite.yaml\u2019s; `moco-bench plan` says why."
        assert (warning in load_results(path).written.warning) == said


def test_absent_files_are_named(path):
    (path / "effects.csv").unlink()
    written = load_results(path).written
    assert written.effects == "runs.csv"
    assert written.claims == "claims.csv"
    assert written.warning.startswith("effects.csv isn't there: run `moco-bench analyse results/synthetic` again.")


def test_older_runs_are_noticed(path):
    def older(table):
        table.loc[(table["metric"] == "knn_top1") & (table["effect"] == "dual_view"), "estimate"] = "9.5"

    change(path, "effects.csv", older)
    written = load_results(path).written
    assert written.effects == "runs.csv"
    assert "effects.csv says something else than this page (1 of " in written.warning


def test_rows_that_are_missing_or_too_many_are_noticed(path):
    frame = pd.read_csv(path / "effects.csv")
    frame.iloc[:-2].to_csv(path / "effects.csv", index=False)
    assert "(2 of " in load_results(path).written.warning
    pd.concat([frame, frame.iloc[:1]]).to_csv(path / "effects.csv", index=False)
    assert load_results(path).written.warning


def test_a_verdict_that_changed_is_noticed(path):
    def other(table):
        table.loc[0, "verdict"] = "supported"

    change(path, "claims.csv", other)
    written = load_results(path).written
    assert (written.effects, written.claims) == ("effects.csv", "runs.csv")
    assert "claims.csv says something else" in written.warning


def test_another_analysis_is_named_by_its_fingerprint(path):
    suite = yaml.safe_load((path / "suite.yaml").read_text())
    before = load_results(path).plan.fingerprint
    (path / "suite.yaml").write_text(yaml.safe_dump({**suite, "analysis": {"margin_points": 0.5}}, sort_keys=False))
    warning = load_results(path).written.warning
    assert f"effects.csv and claims.csv were written under analysis {before[:12]}, not under this page's" in warning
    assert "run `moco-bench analyse results/synthetic` again" in warning
    analyse(path)
    assert load_results(path).written.warning == ""


def test_an_older_versions_columns_are_named(path):
    older = pd.read_csv(path / "effects.csv", dtype=str).drop(columns="p_equivalence_holm")
    older.to_csv(path / "effects.csv", index=False)
    assert "effects.csv was written by another version" in load_results(path).written.warning


def test_a_table_of_runs_alone_has_no_claims_to_compare(path):
    (path / "suite.yaml").unlink()
    analyse(path)
    assert load_results(path).written.warning == ""


@pytest.mark.parametrize("content", ["", "\x00", "a,b\n1,2,3,4\n"])
def test_damaged_files_count_as_absent_or_other(path, content):
    (path / "effects.csv").write_text(content)
    assert load_results(path).written.effects == "runs.csv"


def test_rounding_of_another_machine_is_no_difference(path):
    results = load_results(path)
    shaken = results.effects.copy()
    shaken["estimate"] *= 1 + 1e-12
    assert written_files(path, shaken, results.claims, results.plan).warning == ""


def test_runs_that_came_later_change_the_page(path, synthetic):
    place = next(path.glob("runs/*/*/dual/seed0/metrics.json"))
    place.write_text(json.dumps({**json.loads(place.read_text()), "knn_top1": 50.0}))
    runs = pd.read_csv(path / "runs.csv", dtype=str, keep_default_na=False)
    runs.loc[(runs["arm"] == "dual") & (runs["seed"] == "0"), "knn_top1"] = "50.0"
    runs.to_csv(path / "runs.csv", index=False)
    assert "effects.csv says something else" in load_results(path).written.warning
