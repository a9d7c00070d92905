"""Collecting from run directories as a workflow leaves them, whole and broken."""

import json

import pytest

from moco_bench.analyse.collect import collect, last_epoch
from moco_bench.analyse.table import COLUMNS, read_runs
from moco_bench.analyse.write import write_table
from moco_bench.errors import InputError
from moco_bench.files import sealed, write_json
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand


@pytest.fixture
def written(tmp_path, synthetic):
    values = synthetic.suite_values(2)
    synthetic.write_results(tmp_path, values)
    runs = expand(parse_suite(values, "test"))
    return tmp_path, runs


def rows(written):
    root, runs = written
    return collect(runs, root)


def edit(written, name, **changes):
    root, runs = written
    path = runs[0].directory(root) / name
    write_json(path, sealed({**json.loads(path.read_text()), **changes}))


def test_every_expected_run_is_a_row(written):
    table = rows(written)
    assert tuple(table.columns) == COLUMNS
    assert list(table["status"]) == ["done"] * 8
    first = table.iloc[0]
    metrics = json.loads((written[1][0].directory(written[0]) / "metrics.json").read_text())
    assert first["knn_top1"] == metrics["knn_top1"]
    assert first["exclusive"] == "true"
    assert first["directory"] == "runs/fashion-mnist-5k/resnet-compact/vanilla/seed0"
    assert first["init_hash"].startswith("00")
    assert float(first["train_loss"]) > 0


def test_the_table_can_be_read_back(written, tmp_path):
    write_table(tmp_path / "runs.csv", rows(written))
    runs = read_runs(tmp_path / "runs.csv")
    assert (runs["epochs"] == 12).all()
    assert runs["exclusive"].all()
    assert runs.loc[runs["arm"] == "vanilla", "false_negative_rate_dropped"].isna().all()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("metrics.json", "{", "not readable as JSON"),
        ("metrics.json", "[1]", "holds a list"),
        ("metrics.json", None, "no such file"),
        ("resources.json", "", "not readable as JSON"),
        ("run.json", "null", "holds a NoneType"),
        ("history.csv", "\x00", "history.csv was changed"),
        ("history.csv", "epoch,step,train_loss\n1,39,5.0\n2,78", "history.csv was changed"),
        ("history.csv", None, "history.csv is missing"),
    ],
)
def test_a_broken_file_costs_its_own_run_only(written, name, text, reason):
    root, runs = written
    path = runs[0].directory(root) / name
    path.unlink() if text is None else path.write_text(text)
    table = rows(written)
    assert list(table["status"][1:]) == ["done"] * 7
    assert table["status"][0] == "missing"
    assert reason in table["reason"][0]
    assert "\n" not in str(table["reason"][0])
    assert str(root) not in str(table["reason"][0])


def test_nan_in_metrics_is_damage(written):
    root, runs = written
    path = runs[0].directory(root) / "metrics.json"
    path.write_text(path.read_text().replace('"alignment": ', '"alignment": NaN, "x": '))
    assert rows(written)["status"][0] == "missing"
    assert "NaN" in rows(written)["reason"][0]


def test_results_of_another_configuration_do_not_count(written):
    edit(written, "run.json", fingerprint="f" * 64)
    assert "another configuration" in rows(written)["reason"][0]
    assert rows(written)["status"][0] == "missing"


def test_results_of_other_evaluation_settings_do_not_count(written):
    edit(written, "metrics.json", evaluation_fingerprint="f" * 64)
    assert "other evaluation settings" in rows(written)["reason"][0]


def test_an_unknown_status_is_damage(written):
    edit(written, "run.json", status="perhaps")
    assert "status is 'perhaps'" in rows(written)["reason"][0]


def test_text_from_elsewhere_is_one_printable_line_of_the_table(written, tmp_path):
    edit(written, "run.json", status="failed", reason="a\x1b[2J\ud800\n" + "x" * 10_000)
    table = rows(written)
    assert table["status"][0] == "failed"
    assert table["reason"][0].isprintable()
    assert len(table["reason"][0]) == 1000
    write_table(tmp_path / "runs.csv", table)
    assert read_runs(tmp_path / "runs.csv")["reason"][0] == table["reason"][0]


def test_missing_and_failed_runs_have_their_reason(tmp_path, synthetic):
    values = synthetic.suite_values(2)
    synthetic.write_results(tmp_path, values, missing=("both/seed1",), failed=("dual/seed0",))
    table = collect(expand(parse_suite(values, "test")), tmp_path).set_index(["arm", "seed"])
    assert table.loc[("both", 1), "status"] == "missing"
    assert table.loc[("both", 1), "reason"] == "not run yet"
    failed = table.loc[("dual", 0)]
    assert (failed["status"], failed["reason"]) == ("failed", "the loss became NaN in epoch 3")
    assert failed["knn_top1"] != failed["knn_top1"] or failed["knn_top1"] is None


def test_last_epoch_is_the_last_complete_row(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,train_loss,false_negative_rate_kept\n1,5.0,0.1\n2,4.0,\n3,3")
    assert last_epoch(path) == {
        "train_loss": "4.0", "false_negative_rate_kept": None, "false_negative_rate_dropped": None
    }  # fmt: skip
    assert last_epoch(tmp_path / "absent.csv") == {}
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not readable"):
        last_epoch(path)
