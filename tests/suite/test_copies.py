import pytest

from moco_bench.components.plugins import load_plugins
from moco_bench.errors import InputError
from moco_bench.suite.copies import with_plugins
from moco_bench.suite.strict_yaml import parse_yaml

IDEA = '''"""A rule of my own."""
from typing import Literal

from moco_bench.components import Negatives


class Soft(Negatives):
    """Weighs keys by how hard they are."""

    rule: Literal["softened"] = "softened"

    def log_weight(self, similarity, temperature):
        return similarity
'''


@pytest.fixture
def plugins(tmp_path):
    (tmp_path / "softened.py").write_text(IDEA)
    return load_plugins([tmp_path / "softened.py"])


def test_without_plugins_the_copy_is_the_file_byte_for_byte():
    text = b"\xef\xbb\xbf# a comment\r\nname: a\r\n\n"

    assert with_plugins(text, load_plugins([])) == text


def test_plugins_are_described_below_what_the_file_says(plugins):
    copy = parse_yaml(with_plugins(b"name: a\nseeds: 3  # three", plugins).decode(), "copy")

    assert (copy["name"], copy["seeds"]) == ("a", 3)
    assert "softened" in str(copy["recorded_plugins"])


def test_a_file_in_one_pair_of_braces_is_refused(plugins):
    with pytest.raises(InputError, match="write its keys line by line"):
        with_plugins(b"{name: a, seeds: 3}\n", plugins)
