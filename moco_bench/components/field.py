"""The field of a section that holds an idea: `{rule: hardest, fraction: 0.25}`, or `hardest` for its defaults."""

from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, SerializeAsAny, WrapValidator
from pydantic_core import CoreSchema, PydanticKnownError

from moco_bench.components.base import Component
from moco_bench.components.registry import built_in


class OneOf:
    """Marks a field that holds an idea of a kind: `Annotated[Negatives, OneOf("negatives")]`.

    Its JSON schema is made of the package's own ideas.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's way of asking an annotation what it means."""
        classes = built_in(self.kind)
        self._tag = next(iter(classes.values())).tag
        union: Any = reduce(or_, classes.values())
        tagged: Any = Annotated[union, Field(discriminator=self._tag)]
        as_any: Any = SerializeAsAny  # an idea of a plug-in is none of the union's
        return handler.generate_schema(Annotated[tagged, WrapValidator(self._read), as_any()])

    def _read(self, given: Any, of_the_union: Any) -> Any:
        if isinstance(given, Component) and given.kind == self.kind:
            return given
        spelled = {self._tag: given} if isinstance(given, str) else given
        known = built_in(self.kind)
        if isinstance(spelled, dict) and isinstance(name := spelled.get(self._tag), str) and name not in known:
            expected = ", ".join(f"'{title}'" for title in known)
            raise PydanticKnownError(
                "union_tag_invalid", {"discriminator": f"'{self._tag}'", "tag": name, "expected_tags": expected}
            )
        return of_the_union(spelled)
