"""`moco-bench compare`: regressions, other settings, and nothing in common."""

import json
import shutil

from moco_bench.cli.main import main


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
