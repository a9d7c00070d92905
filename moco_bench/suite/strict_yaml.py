"""Reads YAML of suite files: YAML 1.2 scalars, no tags, no duplicate keys, no expansion bombs.

PyYAML speaks YAML 1.1, where `1e-3` is a string, `no` is false and `12:30` is a number in base 60; each of these has
cost somebody an experiment. The resolvers below are those of YAML 1.2's core schema.
"""

import os
import re
from pathlib import Path
from typing import Any

import yaml

from moco_bench.errors import InputError, one_line

MAX_BYTES = 1_000_000
MAX_NODES = 200_000  # after aliases are expanded: stops "billion laughs" and self-containing nodes


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2 scalars, which refuses tags and duplicate keys."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own way)

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise yaml.YAMLError(f"line {event.start_mark.line + 1}: tags such as {event.tag!r} are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.YAMLError(f"line {line}: a key must be a plain word")
            if key_node.value in seen:
                raise yaml.YAMLError(f"line {line}: duplicate key {key_node.value!r}")
            seen.add(key_node.value)
            if key_node.tag != "tag:yaml.org,2002:merge":
                key_node.tag = "tag:yaml.org,2002:str"  # a key is a name: of arms `0.1` and `0.10` neither is a number
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _construct_float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    return float(loader.construct_scalar(node).lower().replace(".inf", "inf").replace(".nan", "nan"))


# SafeLoader reads 0123 as octal and 1e-3 through a YAML 1.1 path; both are plain decimal numbers here.
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file as plain Python values.

    Raises:
        InputError: the file is missing, too large, not UTF-8 or not the YAML that a suite may use.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe that nobody writes to is empty
        os.set_blocking(descriptor, True)
        with open(descriptor, "rb") as handle:
            content = handle.read(MAX_BYTES + 1)  # no size is asked for beforehand: devices and pipes have none
        if len(content) > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES:,} bytes; a suite file is a page or two")
        return parse_yaml(content.decode("utf-8"), str(path))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: not readable ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{path}: not readable as UTF-8 text ({one_line(error)[:300]})") from None


def parse_yaml(text: str, source: str) -> Any:
    """Parse `text`; `source` names it in messages. Raises `InputError`."""
    try:
        value = yaml.load(text, Loader=_Loader)
        _count_nodes(value)
        return value
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise InputError(f"{source}: not valid YAML for a suite: {_describe(error)}") from None


def _count_nodes(value: Any) -> None:
    stack, count = [value], 0
    while stack:
        item = stack.pop()
        count += 1
        if count > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES:,} values after its aliases are expanded")
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


IN_PLAIN_WORDS = {
    "character '\\t'": "a tab; indent with spaces",
    "found another document": "a second document begins; a file holds one suite",
}


def _describe(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        problem = one_line(error.problem)
        plain = next((words for sign, words in IN_PLAIN_WORDS.items() if sign in problem), problem)
        return f"line {error.problem_mark.line + 1}: {plain}"
    return one_line(error)[:300]
