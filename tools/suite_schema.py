"""The JSON schema of a suite file, for editors and other tools; made from the configuration, so it can't fall behind.

`python -m tools.suite_schema workflow/schemas/suite.schema.json` writes it. It knows the short spellings that a
suite file may use. It is looser than `load_suite`, which also checks what keys mean together.
"""

import json
import sys
from pathlib import Path
from typing import Any

from moco_bench.components.registry import built_in
from moco_bench.files import write_text
from moco_bench.suite.config.analysis import ABSTRACT_CLAIMS
from moco_bench.suite.suite import Suite

Schema = dict[str, Any]


def suite_schema() -> Schema:
    """The schema, draft 2020-12."""
    schema = Suite.model_json_schema()
    definitions, properties = schema["$defs"], schema["properties"]
    for singular, section in (("dataset", "DatasetConfig"), ("encoder", "EncoderConfig")):
        kind = "dataset" if singular == "dataset" else "backbone"
        one = _name_or(definitions[section]["properties"]["name"]["enum"], _reference(section))
        one["anyOf"] += _of_a_plugin(kind)
        properties[singular] = one
        properties[f"{singular}s"]["items"] = one
        schema["required"].remove(f"{singular}s")
        schema.setdefault("allOf", []).append({"oneOf": [{"required": [singular]}, {"required": [f"{singular}s"]}]})
    properties["seeds"] = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 10_000}, properties["seeds"]]}
    contrast = definitions["ContrastConfig"]["properties"]
    for kind in ("negatives", "objective"):
        own = _name_or(list(built_in(kind)), _without_discriminators(contrast[kind]))
        contrast[kind] = {"anyOf": [*own["anyOf"], *_of_a_plugin(kind)]}
    train = definitions["TrainConfig"]["properties"]
    recipe = _name_or(list(built_in("augmentation")), train["augment"])
    train["augment"] = {"anyOf": [*recipe["anyOf"], *_of_a_plugin("augmentation")]}
    definitions["EvaluateConfig"]["properties"]["metrics"]["items"] = {"anyOf": _of_a_plugin("metric")}
    analysis = definitions["AnalysisConfig"]["properties"]
    analysis["claims"]["items"] = _name_or([claim.name for claim in ABSTRACT_CLAIMS], analysis["claims"]["items"])
    analysis["claims"] = _name_or(["abstract"], analysis["claims"])
    _describe_arms(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A suite of moco_bench",
    }


def _describe_arms(schema: Schema) -> None:
    """Describe arms: one may be empty, and nothing in it is required, as it names only the keys that it changes."""
    definitions, arms = schema["$defs"], schema["properties"]["arms"]
    arms["patternProperties"] = {
        pattern: {"anyOf": [_reference("ArmConfig"), {"type": "null"}]} for pattern in arms["patternProperties"]
    }
    arms["additionalProperties"] = False
    for name, section in (("encoder", "EncoderConfig"), ("contrast", "ContrastConfig"), ("train", "TrainConfig")):
        keys = dict(definitions[section]["properties"])
        for kind in keys.keys() & {"negatives", "objective"}:
            keys[kind] = {"anyOf": [*_name_or(list(built_in(kind)), {"type": "object"})["anyOf"], {"type": "string"}]}
        definitions["ArmConfig"]["properties"][name] = {
            "type": "object",
            "properties": keys,
            "additionalProperties": False,
        }


def _without_discriminators(schema: Schema) -> Schema:
    """Remove pydantic's mapping from names to definitions; `oneOf` alone is JSON schema."""
    plain = {key: value for key, value in schema.items() if key != "discriminator"}
    if "anyOf" in plain:
        plain["anyOf"] = [_without_discriminators(part) for part in plain["anyOf"]]
    return plain


def _of_a_plugin(kind: str) -> list[Schema]:
    """The schema of names that the package doesn't know, alone or with settings."""
    tag = next(iter(built_in(kind).values())).tag
    foreign = {"type": "string", "not": {"enum": list(built_in(kind))}}
    return [foreign, {"type": "object", "required": [tag], "properties": {tag: foreign}}]


def _reference(section: str) -> Schema:
    return {"$ref": f"#/$defs/{section}"}


def _name_or(names: list[str], section: Schema) -> Schema:
    return {"anyOf": [{"type": "string", "enum": list(names)}, section]}


def schema_text() -> str:
    """The schema as text, as its file holds it."""
    return json.dumps(suite_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    write_text(Path(sys.argv[1]), schema_text())
