"""Published numbers beside the suite's own, and where they link to."""

import dataclasses
from pathlib import Path

import pytest

from moco_bench.analyse.published import COMPARED_SETTINGS, published
from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.published import address_of, published_table
from moco_bench.suite.identity.run import pretraining_identity
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand
from moco_bench.suite.strict_yaml import read_yaml

CONFIG = Path(__file__).parents[3] / "config"


def test_published_numbers_show_their_protocol(tmp_path, synthetic, loaded):
    assert published_table(*loaded) is None, "nobody is listed for these images"
    values = synthetic.suite_values(1)
    values["dataset"] = {"name": "cifar10", "label": "ten-classes"}
    path = synthetic.write_results(tmp_path, values)
    table = published_table(load_results(path), Links(path, tmp_path)).frame()
    assert len(table) == (published()["dataset"] == "cifar10").sum()
    assert set(COMPARED_SETTINGS) <= set(table.columns)
    assert table["cite"].str.contains("facebookresearch/moco@f7364915").any()
    assert 82.58 in set(table["top1"])
    cited = published_table(load_results(path), Links(path, tmp_path)).rows[0]
    assert {cell.href for cell in cited if cell.href} == {"https://github.com/facebookresearch/moco/tree/f7364915"}


@pytest.mark.parametrize(("reached", "verdict"), [(82.0, "passes"), (80.0, "fails")])
def test_runs_of_the_published_protocol_stand_beside_its_number(tmp_path, synthetic, reached, verdict):
    values = read_yaml(CONFIG / "cifar10.yaml")
    values |= {"seeds": 2, "repeat_seeds": [], "budgets": ["epochs"], "arms": {"vanilla": None}}
    values["train"]["epochs"] = 200
    results = load_results(synthetic.write_results(tmp_path, values))
    (run, *_) = expand(parse_suite(values, "test"))
    config = pretraining_identity(
        dataset=run.dataset, encoder=run.encoder, contrast=run.contrast, train=run.train, seed=run.seed
    )
    results = dataclasses.replace(
        results,
        records={place: {**record, "config": config} for place, record in results.records.items()},
        metrics={place: {**found, "knn_top1_projection": reached} for place, found in results.metrics.items()},
    )
    table = published_table(results, Links(results.directory, tmp_path))
    shown = table.frame().set_index("top1")
    assert shown.loc[82.58, ["ours", "our_runs", "agreement"]].tolist() == [reached, 2, verdict]
    assert (shown["agreement"] == verdict).sum() == 1, "other protocols are held against nothing"
    assert "within 1 point" in table.caption


@pytest.mark.parametrize(
    ("row", "address"),
    [
        ({"cite": "a/b@0123456"}, "https://github.com/a/b/tree/0123456"),
        ({"cite": "a/b@0123456", "url": "https://example.org/x"}, "https://example.org/x"),
        ({"cite": "Somebody (2020)", "doi": "10.1000/x y"}, "https://doi.org/10.1000/x%20y"),
        ({"cite": "Somebody (2020)"}, ""),
        ({"cite": "", "url": "javascript:alert(1)"}, ""),
    ],
)
def test_addresses_of_published_numbers(row, address):
    assert address_of(row) == address
