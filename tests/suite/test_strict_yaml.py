import math

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.strict_yaml import MAX_BYTES, parse_yaml, read_yaml


def test_numbers_are_those_of_yaml_1_2():
    text = "{a: 1e-3, b: 5E2, c: 0123, d: 12:30, e: .5, f: 1., g: -2, h: 1_000}"

    assert parse_yaml(text, "x") == {
        "a": 0.001, "b": 500.0, "c": 123, "d": "12:30", "e": 0.5, "f": 1.0, "g": -2, "h": "1_000"
    }  # fmt: skip


def test_words_stay_words():
    assert parse_yaml("{a: no, b: on, c: y, d: 2024-01-01, e: true, f: ~}", "x") == {
        "a": "no", "b": "on", "c": "y", "d": "2024-01-01", "e": True, "f": None
    }  # fmt: skip


def test_infinity_and_nan_are_read_so_that_the_schema_can_refuse_them():
    values = parse_yaml("[.inf, -.inf, .nan]", "x")

    assert values[:2] == [math.inf, -math.inf]
    assert math.isnan(values[2])


def test_merge_keys_work():
    assert parse_yaml("base: &b {x: 1, y: 2}\nother: {<<: *b, y: 3}", "x")["other"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "line 2: duplicate key 'a'"),
        ("a: !!python/object/apply:os.system [ls]", "tags"),
        ("a: !custom 1", "tags"),
        ("? [a, b]\n: 1", "a key must be a plain word"),
        ("a: [1, 2", "line 1"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("a: " + "9" * 5000, "not valid YAML"),
        ("a: &a [*a, *a]", "after its aliases are expanded"),
        ("\n".join(["l0: &l0 [x, x]"] + [f"l{i}: &l{i} [*l{i - 1}, *l{i - 1}]" for i in range(1, 40)]), "aliases"),
        ("a: *nowhere", "undefined alias"),
        ("\x00", "not valid YAML"),
    ],
)
def test_what_a_suite_may_not_contain_is_one_line(text, message):
    with pytest.raises(InputError, match=message.replace("[", r"\[")) as caught:
        parse_yaml(text, "file.yaml")
    assert str(caught.value).startswith("file.yaml: ")
    assert "\n" not in str(caught.value)


def test_files_that_are_no_text_or_too_large(tmp_path):
    binary, large = tmp_path / "binary.yaml", tmp_path / "large.yaml"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    large.write_text("#" * (MAX_BYTES + 1))

    for path, message in (
        (binary, "UTF-8"),
        (large, "larger than"),
        (tmp_path / "none.yaml", "no such file"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(InputError, match=message):
            read_yaml(path)
