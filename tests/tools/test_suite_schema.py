"""The JSON schema in workflow/schemas/ says what the configuration says."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from moco_bench.suite.strict_yaml import read_yaml
from tools.suite_schema import schema_text

ROOT = Path(__file__).parents[2]
FILE = ROOT / "workflow" / "schemas" / "suite.schema.json"


def problems(suite: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(json.loads(FILE.read_text())).iter_errors(suite)]


def small(**changes: Any) -> dict[str, Any]:
    return {"name": "small", "dataset": "digits", "encoder": "resnet-compact", "arms": {"vanilla": None}} | changes


def test_the_file_is_in_step_with_the_configuration() -> None:
    assert FILE.read_text() == schema_text(), "run `make docs`"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(FILE.read_text()))


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_every_suite_of_the_project_fits(path: Path) -> None:
    assert problems(read_yaml(path)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seeds": 3},
        {"seeds": [4, 7]},
        {"dataset": {"name": "cifar10", "root": "data"}},
        {"contrast": {"negatives": "hardest"}},
        {"contrast": {"negatives": {"rule": "band", "inner": 0.01, "outer": 0.1}}},
        {
            "arms": {
                "vanilla": {},
                "wide": {"encoder": {"width": 64}},
                "half": {"contrast": {"negatives": {"fraction": 0.5}}},
            }
        },
    ],
)
def test_spellings_that_a_suite_may_use(changes: dict[str, Any]) -> None:
    assert problems(small(**changes)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 3},
        {"name": "../outside"},
        {"datasets": ["digits"]},
        {"seeds": 0},
        {"train": {"epochs": "three"}},
        {"arms": {}},
        {"arms": {"vanilla": {"train": {"epoch": 3}}}},
        {"arms": {"a/b": {}}},
    ],
)
def test_what_no_suite_may_say(changes: dict[str, Any]) -> None:
    assert problems(small(**changes))
