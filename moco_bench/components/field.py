"""The field of a section that holds an idea: `{rule: hardest, fraction: 0.25}`, or `hardest` for its defaults."""

from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, SerializeAsAny, ValidationInfo, WrapValidator
from pydantic_core import CoreSchema, PydanticKnownError

from moco_bench.components.base import Component
from moco_bench.components.plugins import Plugins
from moco_bench.components.registry import built_in


class OneOf:
    """Marks a field that holds an idea of a kind: `Annotated[Negatives, OneOf("negatives")]`.

    Its JSON schema is made of the package's own ideas. Settings without a name are those of the idea called `default`.
    """

    def __init__(self, kind: str, default: str | None = None) -> None:
        self.kind, self.default = kind, default

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's way of asking an annotation what it means."""
        classes = built_in(self.kind)
        self._tag = next(iter(classes.values())).tag
        union: Any = reduce(or_, classes.values())
        tagged: Any = Annotated[union, Field(discriminator=self._tag)] if len(classes) > 1 else union
        as_any: Any = SerializeAsAny  # a plug-in's idea is not in the union
        return handler.generate_schema(Annotated[tagged, WrapValidator(self._read), as_any()])

    def _read(self, given: Any, of_the_union: Any, info: ValidationInfo) -> Any:
        if isinstance(given, Component) and given.kind == self.kind:
            return given
        spelled = {self._tag: given} if isinstance(given, str) else given
        if self.default is not None and isinstance(spelled, dict):
            spelled = {self._tag: self.default, **spelled}
        name = spelled.get(self._tag) if isinstance(spelled, dict) else None
        if not isinstance(name, str) or name in built_in(self.kind):
            return of_the_union(spelled)
        plugins = info.context if isinstance(info.context, Plugins) else Plugins()
        idea = plugins.find(self.kind, name)
        if idea is None:
            expected = ", ".join(f"'{title}'" for title in plugins.known(self.kind))
            raise PydanticKnownError(
                "union_tag_invalid", {"discriminator": f"'{self._tag}'", "tag": name, "expected_tags": expected}
            )
        return idea.model_validate(spelled, context=info.context)
