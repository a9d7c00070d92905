"""An encoder's spelling in a suite: settings of backbone and head side by side, in one mapping."""

from typing import Any

from pydantic import GetJsonSchemaHandler, SerializerFunctionWrapHandler, model_serializer
from pydantic_core import CoreSchema

from moco_bench.components.base import Settings
from moco_bench.components.plugins import Plugins
from moco_bench.components.registry import Classes, built_in


class SideBySide(Settings):
    """A section in which the settings of its ideas, the fields in `INLINE`, stand beside its own keys."""

    @model_serializer(mode="wrap")
    def _side_by_side(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values = handler(self)
        inline = [values.pop(name, {}) for name in self.INLINE]
        return {key: value for part in (*inline, values) for key, value in part.items()}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The JSON schema of that spelling: the settings of all ideas are properties beside the section's own."""
        whole = handler.resolve_ref_schema(handler(schema))
        properties = {name: value for name, value in whole["properties"].items() if name not in cls.INLINE}
        for kind in cls.INLINE.values():
            ideas = built_in(kind)
            for idea in ideas.values():
                for name, own in idea.model_json_schema()["properties"].items():
                    if name != idea.tag:
                        properties[name] = _either(properties.get(name, own), own)
            tag = next(iter(ideas.values())).tag
            properties[tag] = {"type": "string", "enum": list(ideas)}
        if "projection" in cls.INLINE:
            properties["head"]["default"] = "linear"
        return {**whole, "properties": properties, "required": ["name"]}


def sorted_into_parts(given: Any, *, own: set[str], plugins: Plugins) -> Any:
    """Move the settings of backbone and head, all keys but the section's `own`, into their own mappings.

    What isn't a mapping is left as it is.

    Raises:
        ValueError: a setting belongs to another backbone or head than the one that is named.
    """
    if not isinstance(given, dict) or "backbone" in given:
        return given
    values = {key: value for key, value in given.items() if key in own}
    rest = {key: value for key, value in given.items() if key not in own}
    heads, backbones = plugins.known("head"), plugins.known("backbone")
    head_keys = {"head"} | {key for idea in heads.values() for key in idea.model_fields}
    backbone = backbones.get(str(rest.get("name")))
    its_own = set() if backbone is None else set(backbone.model_fields)
    head = {key: rest.pop(key) for key in list(rest) if key in head_keys and key not in its_own}
    if head:
        head.setdefault("head", "linear")
        refuse_settings_of_others(heads, str(head["head"]), head)
        values["projection"] = head
    if "name" in rest:
        refuse_settings_of_others(backbones, str(rest["name"]), rest)
        values["backbone"] = rest
    else:
        values |= rest
    return values


def refuse_settings_of_others(ideas: Classes, name: str, given: dict[str, Any]) -> None:
    """Raise `ValueError` where a setting belongs to another idea than the one named."""
    if name not in ideas:
        return
    for key in given:
        owners = [title for title, idea in ideas.items() if key in idea.model_fields]
        if key not in ideas[name].model_fields and owners:
            raise ValueError(f"`{key}` has no effect with `{name}`; it belongs to {_listed(owners)}")


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _either(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The schema of a key that several ideas of one kind have, each with its own values."""
    return one if one == other else {"anyOf": [*one.get("anyOf", [one]), other]}
