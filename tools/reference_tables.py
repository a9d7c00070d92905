"""Tables of `config/README.md` that are made from the classes, so that they can't fall behind.

`python -m tools.reference_tables config/README.md` makes them again: each stands between the comments
`<!-- ideas: KIND -->` or `<!-- keys: SECTION -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from moco_bench.components.base import Component, Settings
from moco_bench.components.registry import built_in
from moco_bench.files import write_text
from moco_bench.suite.config import ContrastConfig, DatasetConfig, EncoderConfig, EvaluateConfig, TrainConfig

SECTIONS: dict[str, type[Settings]] = {
    "contrast": ContrastConfig,
    "dataset": DatasetConfig,
    "encoder": EncoderConfig,
    "evaluate": EvaluateConfig,
    "train": TrainConfig,
}
"""Sections of a suite whose tables of keys are made here."""

LAST_COLUMN: dict[str, tuple[str, Callable[[Any], str]]] = {
    "dataset": ("training + test images; licence", lambda idea: "; ".join(filter(None, (_sizes(idea), idea.licence)))),
    "metric": ("unit; the better side", lambda idea: "; ".join(filter(None, (idea.unit, idea.better)))),
}
"""What the last column of a kind's table shows, if not an idea's cost."""

_BLOCK = re.compile(r"(<!-- (ideas|keys): (\S+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """A document with the tables between its comments as the classes would have them."""

    def made(found: re.Match[str]) -> str:
        table = table_of(found[3]) if found[2] == "ideas" else keys_of(SECTIONS[found[3]])
        return f"{found[1]}\n{table}\n{found[5]}"

    return _BLOCK.sub(made, text)


def keys_of(section: type[Settings]) -> str:
    """All keys of a section in Markdown: name, default, meaning."""
    rows = [
        f"| `{_key(section, name, field)}` | {_shown(field)} | {_text(field.description or '')} |\n"
        for name, field in section.model_fields.items()
    ]
    return "| key | default | meaning |\n|---|---|---|\n" + "".join(rows)


def _key(section: type[Settings], name: str, field: FieldInfo) -> str:
    """A key's name in a suite: settings of an idea stand beside those of its section, under the tag of its kind."""
    return field.annotation.tag if name in section.INLINE else name  # type: ignore[union-attr, no-any-return]


def _shown(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Component):
        return f"`{value.title()}`"
    if value is None or isinstance(value, Settings):
        return ""
    return "`[]`" if value == () else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def table_of(kind: str) -> str:
    """All ideas of a kind in Markdown: name, what it is, settings with their defaults, source."""
    last, says = LAST_COLUMN.get(kind, ("what it adds to a step", lambda idea: idea.cost))
    rows = [
        f"| `{name}` | {_text(idea.summary())} | {_settings(idea)} | {_text(idea.source)} | {_text(says(idea))} |\n"
        for name, idea in built_in(kind).items()
    ]
    return f"| name | what it is | settings | source | {last} |\n|---|---|---|---|---|\n" + "".join(rows)


def _sizes(idea: Any) -> str:
    return "" if idea.sizes is None else " + ".join(f"{count:,}" for count in idea.sizes)


def _settings(idea: type[Component]) -> str:
    fields = [(name, field) for name, field in idea.model_fields.items() if name != idea.tag]
    return "<br>".join(f"`{name}`{_default(field)}: {_text(field.description or '')}" for name, field in fields)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return " (required)"
    value = field.get_default(call_default_factory=True)
    return "" if value is None else f" ({value})"


def _text(words: str) -> str:
    return words.replace("|", "\\|")


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        write_text(file, with_tables(file.read_text(encoding="utf-8")))
