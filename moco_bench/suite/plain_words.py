"""What the validator finds wrong with a value, in plain words with what would be right."""

import re
from collections.abc import Mapping
from typing import Any

from moco_bench.suite.config.fields import DEVICE, LABEL

NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
"""What YAML reads as a number where it isn't quoted."""

NEEDED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "a text",
    "tuple_type": "a list such as [a, b]",
    "list_type": "a list such as [a, b]",
    "dict_type": "keys and values, such as {{key: value}},",
    "model_type": "keys and values, such as {{key: value}},",
    "model_attributes_type": "keys and values, such as {{key: value}},",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "string_too_short": "at least {min_length} character(s)",
    "string_too_long": "at most {max_length} characters",
}
"""What is needed, by the validator's kind of problem."""
A_NAME = "a name of letters (A to Z), digits, dots, dashes and underscores"
PATTERNS = {
    LABEL: f"{A_NAME}, at most 64, the first a letter or digit,",
    DEVICE: "auto, cpu, cuda or a card such as cuda:0",
}


def in_plain_words(kind: str, given: Any, context: Mapping[str, Any], message: str) -> str:
    """What is wrong with `given`, and what would be right.

    `kind`, `context` and `message` are the validator's: its name of the problem, the limits, and its own words, for a
    kind that isn't known here.
    """
    if kind == "string_type" and isinstance(given, (int, float)):
        what = "truth value" if isinstance(given, bool) else "number"
        return f'{_shown(given)} is a {what}; for a name put it in quotes: "{_shown(given)}"'
    if kind in ("int_type", "float_type") and isinstance(given, str) and NUMBER.fullmatch(given):
        return f"{given!r} is text; for a number leave the quotes out: {given}"
    if kind == "string_pattern_mismatch":
        return f"{PATTERNS.get(context['pattern'], A_NAME)} is needed, not {_shown(given)}"
    if kind in ("too_short", "too_long"):
        limit = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']:,}"
        return f"{limit} needed, not {context.get('actual_length', 'more')}"
    if kind in NEEDED:
        limits = {name: f"{limit:,.10g}" for name, limit in context.items() if type(limit) in (int, float)}
        needed = NEEDED[kind].format(**limits)
        verb = "are" if needed.startswith("keys") else "is"
        return f"{needed} {verb} needed, not {_shown(given)}{_meant(given)}"
    is_plain = given is None or isinstance(given, (str, int, float, bool))
    shown = f", not {_shown(given)}" if is_plain and repr(given) not in message else ""
    return f"{message[0].lower()}{message[1:]}{shown}"


def _shown(given: Any) -> str:
    """A value as a suite file has it."""
    if given is None:
        return "nothing"
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, (list, tuple)):
        return "a list" if given else "an empty list"
    return (repr(given) if not isinstance(given, dict) else "keys and values" if given else "nothing")[:120]


def _meant(given: Any) -> str:
    """The number that was written in a way that YAML takes for text, or with a point."""
    if isinstance(given, float) and given.is_integer():
        return f"; write {given:.0f}"
    if not isinstance(given, str):
        return ""
    text = given.replace("_", "")
    if re.fullmatch(r"\d+,\d+", text) and not re.fullmatch(r"\d{1,3}(,\d{3})+", text):
        text = text.replace(",", ".")
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", text):
        text = str(int(text, 16))
    if text.endswith("%") and NUMBER.fullmatch(text[:-1]):
        text = f"{float(text[:-1]) / 100:g}"
    return f"; write {text}" if text != given and NUMBER.fullmatch(text) else ""
