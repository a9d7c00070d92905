"""The suites that ship, and the page that explains their keys."""

import re
from pathlib import Path

import pytest

from moco_bench.suite.config import DatasetConfig
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand
from moco_bench.suite.suite import Suite
from moco_bench.suite.validation import keys_by_place

CONFIG = Path(__file__).parents[2] / "config"
SUITES = sorted(CONFIG.glob("*.yaml"))


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_every_suite_passes_and_is_called_as_its_file(path):
    suite = load_suite(path)

    assert suite.name == path.stem
    assert len(expand(suite)) >= 6


def test_all_promised_suites_are_there():
    assert {path.stem for path in SUITES} >= {
        "quickstart", "smoke", "cifar10", "cifar100", "cifar10-cpu", "cifar100-cpu", "readings", "negatives"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["quickstart", "smoke", "cifar10", "cifar100", "cifar10-cpu", "cifar100-cpu"])
def test_the_two_by_two_has_its_four_arms(name):
    assert list(load_suite(CONFIG / f"{name}.yaml").arms) == ["vanilla", "dual", "filter", "both"]


HEADINGS = {"": "Top level", "analysis": "`analysis`", "profile": "`profile`"}
"""Where the tables stand that are written by hand; tests/tools/test_reference_tables.py looks after the others."""


@pytest.mark.parametrize("place", HEADINGS)
def test_every_key_has_a_row_in_the_table_of_its_section(place):
    sections = re.split(r"^## ", (CONFIG / "README.md").read_text(), flags=re.MULTILINE)
    [section] = [text for text in sections if text.startswith(f"{HEADINGS[place]}\n")]
    explained = set().union(*(re.findall(r"`([^`]+)`", row) for row in re.findall(r"^\| (`[^|]+)\|", section, re.M)))

    assert set(keys_by_place(Suite)[place]) <= explained


def test_every_key_is_named():
    text = (CONFIG / "README.md").read_text()

    assert [key for key in sorted(set().union(*keys_by_place(Suite).values())) if f"`{key}`" not in text] == []


@pytest.mark.parametrize("name", ["fashion-mnist-5k", "fashion-scenes-5k", "digits"])
def test_known_sizes_are_those_of_the_data(name):
    from moco_bench.data.datasets import load_dataset

    dataset = load_dataset(DatasetConfig(name=name))

    assert DatasetConfig(name=name).source.sizes == (len(dataset.train.labels), len(dataset.evaluation.labels))
    limited = DatasetConfig(name=name, validation=0.2, train_limit=500)
    assert limited.training_images == len(load_dataset(limited).train.labels)
