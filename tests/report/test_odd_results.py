"""Reports of results that are unfinished, damaged, hostile, large or from elsewhere: a page that says so."""

import json

import pytest
import yaml

pytestmark = pytest.mark.slow  # whole reports, seconds each


def test_there_are_no_links_to_files_that_are_absent(tmp_path, synthetic, write_quickly, outline):
    results = synthetic.write_results(tmp_path, synthetic.suite_values(1))
    page = write_quickly(results, tmp_path / "out")
    hrefs = outline(page).hrefs
    assert not any("effects.csv" in href for href in hrefs if not href.startswith("data:"))
    assert any("runs.csv" in href for href in hrefs)


def test_below_the_floor_is_said_plainly(tmp_path, synthetic, write_quickly, outline):
    results = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    path = results / "floors" / "fashion-mnist-5k.json"
    path.write_text(json.dumps({"pixels": {"knn_top1": 95.0, "linear_top1": 10.0}}))
    text = " ".join(outline(write_quickly(results, tmp_path / "out")).text)
    assert "treat differences between arms with caution" in text
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    between = page[page.index("</h1>") : page.index("Learnt by vanilla")]
    assert "is not above raw pixels" in between, "right under the headline"
    markdown = (tmp_path / "out" / "report.md").read_text(encoding="utf-8").splitlines()
    assert "is not above raw pixels" in markdown[2]


def test_files_that_are_not_up_to_date_are_named_once(tmp_path, synthetic, write_quickly, outline):
    results = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    page = write_quickly(results, tmp_path / "out")
    assert "effects.csv and claims.csv aren't there: run `moco-bench analyse results/synthetic`. This page" in " ".join(
        outline(page).text
    )
    assert (page.parent / "report.md").read_text(encoding="utf-8").count("Not up to date") == 1


def test_a_half_finished_grid_shows_its_holes(tmp_path, synthetic, write_quickly, outline):
    results = synthetic.write_results(
        tmp_path, synthetic.suite_values(3), missing=("both/seed1",), failed=("filter/seed2",), floors=False
    )
    text = " ".join(outline(write_quickly(results, tmp_path / "out")).text)
    assert "10 of 12 runs are done, 1 failed and 1 missing" in text
    assert "not run yet" in text
    assert "the loss became NaN in epoch 3" in text
    assert "is unknown: no baseline without training was measured" in text


def test_runs_of_unlike_machines_are_compared_no_further_than_they_can_be(tmp_path, synthetic, write_quickly, outline):
    """One of twelve runs was given another processor, and with it to another precision."""
    values = synthetic.suite_values(3)
    results = synthetic.write_results(tmp_path, values)
    elsewhere = results / "runs/fashion-mnist-5k/resnet-compact/both/seed1"
    record = json.loads((elsewhere / "run.json").read_text())
    record["machine"]["cpu"] = "Another CPU"
    resources = json.loads((elsewhere / "resources.json").read_text())
    for name, value in {"run": record, "resources": resources}.items():
        (elsewhere / f"{name}.json").write_text(json.dumps(value | {"precision": "float32"}))
    synthetic.collect_again(results, values)

    text = " ".join(outline(write_quickly(results, tmp_path / "out")).text)

    assert (
        "1 of 3 seeds is not paired in all arms: asked for the same precision, some arms resolved to another one"
        in text
    )
    assert "Costs leave out 1 of 12 runs, which was made on another kind of machine than most." in text
    assert "Another CPU" in text


def test_nothing_done_still_gives_a_page(tmp_path, synthetic, write_quickly, outline):
    results = synthetic.write_results(tmp_path, synthetic.suite_values(1), missing=("seed0",), floors=False)
    text = " ".join(outline(write_quickly(results, tmp_path / "out")).text)
    assert "0 of 4 runs are done" in text


def test_damaged_files_are_named_and_the_rest_is_shown(tmp_path, synthetic, write_quickly, outline):
    results = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    run = "runs/fashion-mnist-5k/resnet-compact/dual/seed1"
    (results / run / "metrics.json").write_text("{")
    (results / run / "history.csv").write_bytes(b"\xff\xff\xff")
    twice = "runs/fashion-mnist-5k/resnet-compact/both/seed0/history.csv"
    header, first, *others = (results / twice).read_text().splitlines()
    (results / twice).write_text("\n".join((header, first, first, *others)))
    (results / "floors" / "fashion-mnist-5k.json").write_text("[]")
    text = " ".join(outline(write_quickly(results, tmp_path / "out")).text)
    for name in (f"{run}/metrics.json", f"{run}/history.csv", twice, "floors/fashion-mnist-5k.json"):
        assert name in text


def test_a_table_of_runs_alone_is_enough(tmp_path, write_quickly, outline):
    rows = [f"{arm},d,e,{seed},done,{60 + seed}" for arm in ("vanilla", "dual") for seed in range(3)]
    (tmp_path / "runs.csv").write_text("\n".join(["arm,dataset,encoder,seed,status,knn_top1", *rows]))
    text = " ".join(outline(write_quickly(tmp_path, tmp_path / "out")).text)
    assert "pairing unproven" in text
    assert "no claims are judged" in text


def test_hostile_names_are_shown_as_they_are_and_run_nothing(tmp_path, write_quickly, outline):
    name = "<script>alert(1)</script>\"'&{{7*7}}$x_1$"
    row = '"{1}","{0}","{1}",e,{2},done,{3}'
    rows = [row.format(arm, name.replace('"', '""'), seed, 60 + seed) for arm in ("vanilla", "<b>dual</b>")
            for seed in range(3)]  # fmt: skip
    (tmp_path / "runs.csv").write_text("\n".join(["suite,arm,dataset,encoder,seed,status,knn_top1", *rows]))
    page = write_quickly(tmp_path, tmp_path / "out")
    found = outline(page)
    assert sum(tag == "script" for tag, _ in found.tags) == 1
    assert not any(tag == "b" and attrs for tag, attrs in found.tags)
    assert "<b>dual</b>" not in page.read_text(encoding="utf-8")
    assert name in " ".join(found.text)
    assert "<script>" not in (page.parent / "report.md").read_text(encoding="utf-8")


def test_a_table_from_elsewhere_reads_nothing_outside(tmp_path, write_quickly):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "run.json").write_text('{"device": "secret-device"}')
    inside = tmp_path / "results"
    inside.mkdir()
    header = "arm,dataset,encoder,seed,status,knn_top1,directory"
    (inside / "runs.csv").write_text(f"{header}\nvanilla,d,e,0,done,50,../secret\n")
    page = write_quickly(inside, tmp_path / "out")
    assert "secret-device" not in page.read_text(encoding="utf-8")


def test_equal_compute_stands_beside_equal_epochs(tmp_path, synthetic, write_quickly, outline):
    import pandas as pd

    results = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    runs = pd.read_csv(results / "runs.csv", dtype=str, keep_default_na=False)
    equal = runs.assign(budget="seconds", directory="", order_hash="")
    pd.concat([runs, equal]).to_csv(results / "runs.csv", index=False)
    text = " ".join(outline(write_quickly(results, tmp_path / "out")).text)
    assert "Budget" in text
    assert "At equal training time: dual against vanilla" in text


def test_a_suite_of_many_arms(tmp_path, synthetic, write_quickly, outline):
    values = synthetic.suite_values(2)
    for k, fraction in enumerate((0.05, 0.1, 0.2, 0.4, 0.6, 0.8)):
        values["arms"][f"hardest-{k}"] = {"contrast": {"negatives": {"rule": "hardest", "fraction": fraction}}}
    values["contrasts"] = {"more-less": ["hardest-5", "hardest-0"]}
    results = synthetic.write_results(tmp_path, values)
    assert yaml.safe_load((results / "suite.yaml").read_text())["contrasts"]
    text = " ".join(outline(write_quickly(results, tmp_path / "out")).text)
    assert "more-less" in text


def test_a_suite_without_its_baseline_still_gives_a_page(tmp_path, synthetic, write_quickly):
    values = synthetic.suite_values(2)
    values["arms"] = {"dual": values["arms"]["dual"]}
    assert write_quickly(synthetic.write_results(tmp_path, values), tmp_path / "out").is_file()
