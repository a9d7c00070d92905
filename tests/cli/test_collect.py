from moco_bench.cli.main import main


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
