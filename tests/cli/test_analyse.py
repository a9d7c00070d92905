"""`moco-bench analyse`: both tables, and bad input in one line."""

import json

import pytest

from moco_bench.analyse.write import analyse
from moco_bench.cli.main import main
from moco_bench.suite.on_disk import made


def test_analyse_writes_both_tables(results, capsys):
    assert main(["analyse", str(results)]) == 0
    printed = capsys.readouterr().out
    assert "dual_view" in printed
    assert "no suite.yaml: defaults, no claims" in printed
    header = (results / "effects.csv").read_text().splitlines()[0]
    assert header.startswith(
        "dataset,encoder,metric,budget,effect,estimate,ci_low,ci_high,ci_method,p_value,p_holm,n_seeds,paired"
    )
    assert (results / "claims.csv").read_text().startswith("claim,verdict,")
    assert main(["analyse", str(results), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["paired"] for row in rows} == {"unproven"}


def test_tables_of_runs_that_changed_meanwhile_are_made_again(results, monkeypatch):
    def analyse_slowly(folder):
        made_of = analyse(folder)
        (folder / "runs.csv").write_text((folder / "runs.csv").read_text().replace("60", "61"))
        return made_of

    def why():
        return made.why_make(made.analysed(results), made.analysis_basis(results), [results / "effects.csv"])

    assert main(["analyse", str(results)]) == 0
    assert why() == ""
    monkeypatch.setattr("moco_bench.analyse.write.analyse", analyse_slowly)
    assert main(["analyse", str(results)]) == 0
    assert why() == "what it is made from has changed"


@pytest.mark.parametrize("command", ["analyse", "report"])
@pytest.mark.parametrize("damage", ["absent", "columns", "empty", "suite"])
def test_bad_input_is_one_line_and_writes_nothing(results, capsys, command, damage):
    table = results / "runs.csv"
    if damage == "absent":
        table.unlink()
    elif damage == "columns":
        table.write_text("arm,seed\nvanilla,0\n")
    elif damage == "empty":
        table.write_text("")
    else:
        (results / "suite.yaml").write_text("name: [")
    before = sorted(results.rglob("*"))
    assert main([command, str(results)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Traceback" not in error
    assert sorted(results.rglob("*")) == before
    assert not (results.parent.parent / "reports").exists()


def test_analyse_judges_memory_on_the_profile(tmp_path, capsys):
    folder = tmp_path / "results" / "s"
    (folder / "profile").mkdir(parents=True)
    arms = {"vanilla": 100.0, "dual": 120.0, "filter": 100.0, "both": 120.0}
    (folder / "suite.yaml").write_text(
        "name: s\nanalysis: {claims: [lower-memory]}\n"
        "dataset: {name: digits, label: d}\nencoder: {name: resnet-compact, label: e}\nseeds: 2\n"
        "arms: {vanilla: null, dual: {contrast: {dual_view: symmetric}}, filter: {contrast: {negatives: hardest}}, "
        "both: {contrast: {dual_view: symmetric, negatives: hardest}}}\n"
    )
    runs = [f"{arm},d,e,{seed},done,60,800" for arm in arms for seed in range(2)]
    (folder / "runs.csv").write_text("\n".join(["arm,dataset,encoder,seed,status,knn_top1,peak_memory_mib", *runs]))
    assert main(["analyse", str(folder)]) == 0
    assert "processes' peaks" in memory_claim_in(folder)
    sizes = [f"{arm},training,activations,{mib},d,e" for arm, mib in arms.items()]
    table = folder / "profile" / "memory.csv"
    table.write_text("\n".join(["arm,phase,part,mib,dataset,encoder", *sizes]))
    assert main(["analyse", str(folder)]) == 0
    assert memory_claim_in(folder).startswith(
        "lower-memory,inconclusive,d,e,peak_memory_mib,epochs,both-vanilla,lower,20"
    )
    before = (folder / "claims.csv").read_bytes()
    table.write_text("arm,phase\n")
    capsys.readouterr()
    assert main(["analyse", str(folder)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert (folder / "claims.csv").read_bytes() == before


def memory_claim_in(folder):
    (line,) = [line for line in (folder / "claims.csv").read_text().splitlines() if line.startswith("lower-memory")]
    return line
