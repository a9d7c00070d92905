"""Describes a suite's plug-ins in its copy in the results: enough to read the results without their code."""

from typing import Any

from moco_bench.components.base import Component
from moco_bench.components.plugin_file import in_words
from moco_bench.components.plugins import Plugins
from moco_bench.components.registry import Classes, built_in
from moco_bench.errors import InputError


def described(plugins: Plugins) -> list[dict[str, Any]]:
    """The plug-ins' ideas as plain values, without their code."""
    return [_described(idea) for classes in plugins.ideas.values() for idea in classes.values()]


def _described(idea: type[Component]) -> dict[str, Any]:
    fields = {name: info for name, info in idea.model_fields.items() if name != idea.tag}
    return {
        "kind": idea.kind,
        "name": idea.title(),
        "code": idea.code,
        "summary": idea.summary(),
        "source": idea.source,
        "cost": idea.cost,
        "flags": {flag: getattr(idea, flag) for flag in idea.flags},
        "required": [name for name, info in fields.items() if info.is_required()],
        "defaults": {
            name: info.get_default(call_default_factory=True) for name, info in fields.items() if not info.is_required()
        },
    }


def from_description(descriptions: object) -> Plugins:
    """The inverse of `described`: ideas with names and settings, but without formulas.

    Raises:
        InputError: not what `described` gives.
    """
    from typing import Literal

    from pydantic import create_model

    ideas: dict[str, Classes] = {}
    try:
        for told in descriptions:  # type: ignore[attr-defined]
            kind, name = told["kind"], told["name"]
            base: Any = next(cls for cls in next(iter(built_in(kind).values())).__mro__ if "kind" in vars(cls))
            fields: dict[str, Any] = dict.fromkeys(told["required"], (Any, ...))
            fields |= {key: (Any, value) for key, value in told["defaults"].items()}
            fields[base.tag] = (Literal[name], name)
            make: Any = create_model
            idea = make(f"Told_{kind}", __base__=base, __doc__=told["summary"], **fields)
            for attribute in ("code", "source", "cost"):
                setattr(idea, attribute, told[attribute])
            for flag, value in told["flags"].items():
                setattr(idea, flag, value)
            ideas.setdefault(kind, {})[name] = idea
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"recorded_plugins: not what `collect` writes ({in_words(error)})") from None
    return Plugins(ideas)
