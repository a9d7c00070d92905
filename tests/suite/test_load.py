import pytest
import yaml

from moco_bench.errors import InputError
from moco_bench.suite.load import load_suite, parse_suite


def test_a_file_and_its_values_are_the_same_suite(raw, tmp_path):
    path = tmp_path / "suite.yaml"
    path.write_text(yaml.safe_dump(raw))
    assert load_suite(path) == parse_suite(raw, "test")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.yaml: no such file"):
        load_suite(tmp_path / "absent.yaml")


@pytest.mark.parametrize("raw_value", [None, [], "text", 3, True])
def test_a_suite_is_a_mapping(raw_value):
    with pytest.raises(InputError, match="a suite is a mapping"):
        parse_suite(raw_value, "x")


@pytest.mark.parametrize("recorded", ["..", 3, [None], [{"kind": "negatives"}]])
def test_descriptions_of_ideas_that_are_none_are_refused_with_the_files_name(raw, recorded):
    with pytest.raises(InputError, match=r"^here\.yaml: recorded_plugins: not what `collect` writes"):
        parse_suite({**raw, "recorded_plugins": recorded}, "here.yaml")
