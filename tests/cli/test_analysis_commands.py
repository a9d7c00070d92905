"""collect, analyse, report and compare from the command line."""

import json
import shutil

import pytest

from moco_bench.cli.main import main
from moco_bench.cli.report import default_out


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results" / "s"
    folder.mkdir(parents=True)
    rows = [
        f"{arm},d,e,{seed},done,{60 + seed + gain + 0.01 * seed * gain}"
        for arm, gain in (("vanilla", 0), ("dual", 2), ("filter", -1), ("both", 1))
        for seed in range(4)
    ]
    (folder / "runs.csv").write_text("\n".join(["arm,dataset,encoder,seed,status,knn_top1", *rows]))
    return folder


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


def test_report_says_where_it_is(results, capsys):
    assert main(["report", str(results)]) == 0
    path = capsys.readouterr().out.strip()
    assert path == str(results.parent.parent / "reports" / "s" / "report.html")
    assert main(["report", str(results), "--out", str(results / "here")]) == 0
    assert (results / "here" / "report.md").exists()


def test_reports_lie_beside_results(tmp_path):
    assert default_out(tmp_path / "results" / "x") == tmp_path / "reports" / "x"
    assert default_out(tmp_path / "elsewhere") == tmp_path / "reports" / "elsewhere"


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


def test_compare_finds_regressions(results, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(results, other)
    assert main(["compare", str(results), str(other)]) == 0
    assert "4 same" in capsys.readouterr().out
    text = (other / "runs.csv").read_text().splitlines()
    worse = [line if ",dual," not in f",{line}" else line.rsplit(",", 1)[0] + ",40" for line in text[:-1]]
    (other / "runs.csv").write_text("\n".join(worse))
    assert main(["compare", str(results), str(other)]) == 1
    printed = capsys.readouterr().out
    assert "regression" in printed
    assert "only in the first: d/e/both/seed3" in printed
    assert main(["compare", str(results), str(other), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["regressed"] is True
    assert main(["compare", str(results), str(other), "--margin-points", "50"]) == 0
    assert main(["compare", str(results), str(other), "--metric", "speed"]) == 2
    assert main(["compare", str(results), str(other), "--margin-points", "-1"]) == 2


def test_compare_without_a_common_run_vouches_for_nothing(results, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(results, other)
    (other / "runs.csv").write_text((results / "runs.csv").read_text().replace(",done,", ",missing,"))
    assert main(["compare", str(results), str(other)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "nothing was compared: no run is finished on both sides"
    assert lines[0] == "only in the first: d/e/vanilla/seed0"
    assert main(["compare", str(results), str(other), "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["nothing_compared"]
    assert printed.err == "moco-bench: nothing was compared: no run is finished on both sides\n"


def test_compare_says_that_settings_differ_and_what_is_unclear(results, tmp_path, capsys):
    rows = (results / "runs.csv").read_text().splitlines()
    for folder, fingerprint, step in ((results, "f", 0.0), (tmp_path / "other", "g", 3.0)):
        folder.mkdir(exist_ok=True)
        table = [f"{rows[0]},fingerprint"]
        for line in rows[1:]:
            *run, value = line.split(",")
            change = step * (-1) ** int(run[3]) if run[0] == "dual" else 0.0
            table.append(",".join([*run, str(float(value) + change), fingerprint if run[0] == "dual" else "f"]))
        (folder / "runs.csv").write_text("\n".join(table))
    other = tmp_path / "other"
    assert main(["compare", str(results), str(other)]) == 0
    printed = capsys.readouterr().out
    assert "3 same, 1 unclear" in printed
    assert "different settings (4 of 16 common runs have other fingerprints): d/e/dual/seed0, " in printed
    assert main(["compare", str(results), str(other), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["different_settings"] == [f"d/e/dual/seed{seed}" for seed in range(4)]
    assert {"p_holm", "equivalence_low", "equivalence_high"} <= set(found["rows"][0])


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
        "lower-memory,not decided by this suite,d,e,peak_memory_mib,epochs,both-vanilla,lower,20"
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


def test_collect_writes_the_table_and_the_suite(tmp_path, capsys):
    suite = tmp_path / "tiny.yaml"
    suite.write_text(
        "name: tiny\ndataset: digits\nencoder: resnet-compact\nseeds: 2\narms: {vanilla: null}\n"
        "contrast: {queue_size: 256}\ntrain: {batch_size: 64}\n"
    )
    results = tmp_path / "results"
    assert main(["collect", str(suite), "--results", str(results)]) == 0
    assert "0 done, 0 failed, 2 missing" in capsys.readouterr().out
    assert (results / "tiny" / "suite.yaml").read_bytes() == suite.read_bytes()
    assert "not run yet" in (results / "tiny" / "runs.csv").read_text()
    assert main(["analyse", str(results / "tiny")]) == 0
    assert main(["report", str(results / "tiny"), "--out", str(tmp_path / "out")]) == 0
