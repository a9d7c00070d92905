"""A suite's copy in its results: the original text, and descriptions of its plug-ins, which a report needs."""

import json
from functools import lru_cache
from pathlib import Path

from moco_bench.components.plugin_descriptions import described
from moco_bench.components.plugins import Plugins
from moco_bench.errors import InputError
from moco_bench.suite.strict_yaml import parse_yaml, read_yaml


def with_plugins(text: bytes, plugins: Plugins) -> bytes:
    """The text of a suite file, with descriptions of its plug-ins appended if it has any.

    Raises:
        InputError: the file is one `{...}`, behind which nothing can stand.
    """
    ideas = described(plugins)
    if not ideas:
        return text
    # JSON is YAML: a line of it needs no care for indentation.
    copy = text.rstrip() + b"\nrecorded_plugins: " + json.dumps(ideas, sort_keys=True, default=list).encode() + b"\n"
    try:
        parse_yaml(copy.decode("utf-8"), "the copy of the suite")
    except InputError:
        raise InputError("suite: with `plugins` write its keys line by line, not in one pair of braces") from None
    return copy


def recorded_code(copy: Path, kind: str) -> dict[str, str]:
    """The recorded hashes of plug-in files, by the ideas' names; empty without a copy of the suite."""
    try:
        return _recorded_code(copy, copy.stat().st_mtime_ns, kind)
    except OSError:
        return {}


@lru_cache(maxsize=8)
def _recorded_code(copy: Path, changed: int, kind: str) -> dict[str, str]:
    try:
        ideas = read_yaml(copy)["recorded_plugins"]
        return {idea["name"]: idea["code"] for idea in ideas if idea["kind"] == kind}
    except (InputError, KeyError, TypeError):
        return {}
