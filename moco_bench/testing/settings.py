"""What the settings of any idea have to hold."""

from moco_bench.components.base import Component
from moco_bench.files import canonical_json
from moco_bench.suite.identity.run import identity


def check_settings(idea: Component) -> None:
    """Its name, its words, and a fingerprint that depends on nothing but its settings."""
    cls = type(idea)
    assert cls.title(), f"{cls.__name__} needs a field `{cls.tag}: Literal['its-name'] = 'its-name'`"
    assert cls.summary().endswith("."), f"{cls.__name__} needs a docstring whose first line is a sentence"
    for name, field in cls.model_fields.items():
        assert name == cls.tag or field.description, f"the setting `{name}` needs a description"
    again = cls.model_validate(idea.model_dump())
    assert again == idea, "settings that are written down and read again must be the same"
    assert canonical_json(identity(again)) == canonical_json(identity(idea)), "its fingerprint must be stable"
    assert cls.mistake() is None, cls.mistake()
