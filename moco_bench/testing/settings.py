"""Requirements for the settings of any idea."""

from moco_bench.components.base import Component
from moco_bench.files import canonical_json
from moco_bench.suite.identity.run import identity


def check_settings(idea: Component) -> None:
    """Check an idea's name and texts, and that its fingerprint depends on its settings alone."""
    cls = type(idea)
    assert cls.title(), f"{cls.__name__} needs a field `{cls.tag}: Literal['its-name'] = 'its-name'`"
    assert cls.summary().endswith("."), f"{cls.__name__} needs a docstring whose first line is a sentence"
    for name, field in cls.model_fields.items():
        assert name == cls.tag or field.description, f"the setting `{name}` needs a description"
    again = cls.model_validate(idea.model_dump())
    assert again == idea, "settings that are written down and read again must be the same"
    assert canonical_json(identity(again)) == canonical_json(identity(idea)), "its fingerprint must be stable"
    assert cls.mistake() is None, cls.mistake()
