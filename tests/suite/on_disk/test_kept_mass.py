import pytest

from moco_bench.cli.main import main
from moco_bench.suite.load import parse_suite
from moco_bench.suite.on_disk.kept_mass import filters_that_hardly_filter, kept_mass_of
from moco_bench.suite.runs import expand


def write(results, run, text):
    path = run.directory(results) / "history.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(("kept", "warned"), [((0.95, 0.93), True), ((0.95, 0.8), False), ((0.5, 0.4), False)])
def test_a_filter_that_keeps_nearly_all_is_told(raw, tmp_path, kept, warned):
    runs = expand(parse_suite(raw, "x"))
    filtered = [run for run in runs if run.arm == "filter"]
    for run, value in zip(filtered, kept, strict=True):
        write(tmp_path, run, f"epoch,kept_mass\n1,0.99\n2,{value}\n")
    for run in runs:
        if run.arm != "filter":
            write(tmp_path, run, "epoch,kept_mass\n1,1.0\n")
    lines = list(filters_that_hardly_filter(runs, tmp_path))
    assert [line[:12] for line in lines] == (["arm filter: "] if warned else [])
    assert not warned or "94 %" in lines[0]


@pytest.mark.parametrize("text", ["", "epoch\n1\n", "epoch,kept_mass\n1,\n", "epoch,kept_mass\n1,nan\n"])
def test_a_history_that_does_not_say_is_no_evidence(raw, tmp_path, text):
    run = expand(parse_suite(raw, "x"))[0]
    assert kept_mass_of(write(tmp_path, run, text)) is None
    assert kept_mass_of(tmp_path / "missing.csv") is None


@pytest.mark.parametrize(("mass", "warned"), [(0.97, True), (0.5, False)])
def test_a_rule_given_by_mass_is_known_before_any_run(raw, tmp_path, mass, warned):
    raw["arms"]["filter"] = {"contrast": {"negatives": {"rule": "hardest", "mass": mass}}}
    runs = expand(parse_suite(raw, "x"))
    lines = list(filters_that_hardly_filter(runs, tmp_path))
    assert [line.split(" softmax")[0] for line in lines] == (
        ["arm filter: by its rule it keeps 97 % of the negatives'"] if warned else []
    )
    for run in runs:
        write(tmp_path, run, "epoch,kept_mass\n1,0.99\n")
    assert list(filters_that_hardly_filter(runs, tmp_path)) == lines, "results add nothing to what the rule says"


def test_plan_says_so(raw, tmp_path, capsys):
    import yaml

    for run in expand(parse_suite(raw, "x")):
        write(tmp_path / "results", run, "epoch,kept_mass\n1,0.97\n")
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(raw))
    assert main(["plan", str(tmp_path / "tiny.yaml"), "--results", str(tmp_path / "results")]) == 0
    assert "warning: arm filter: its filter keeps 97 %" in capsys.readouterr().err
