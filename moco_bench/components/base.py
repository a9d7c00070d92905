"""The base class of all ideas, and that of all sections of a suite."""

import ast
import inspect
import textwrap
import warnings
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Fraction = Annotated[float, Field(gt=0, le=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
Count = Annotated[int, Field(ge=1, le=10**9)]
NOT_IDENTITY: dict[str, Any] = {"identity": False}
"""Marks a field that can't change a number, and so is no part of a fingerprint."""


class Settings(BaseModel):
    """Base of all sections: immutable, no unknown keys, no silent conversion, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    INLINE: ClassVar[dict[str, str]] = {}
    """Fields that hold ideas whose own fields are written beside this section's in a suite, and the kind of each."""

    RETIRED: ClassVar[tuple[str, ...]] = ()
    """Keys of earlier versions without any effect now: suites that have them stay readable."""

    @model_validator(mode="before")
    @classmethod
    def _without_retired_keys(cls, given: Any) -> Any:
        retired = [key for key in cls.RETIRED if key in given] if isinstance(given, dict) else []
        if not retired:
            return given
        warnings.warn(
            f"ignored, keys of an earlier version that have no effect any more: {', '.join(retired)}", stacklevel=2
        )
        return {key: value for key, value in given.items() if key not in retired}

    def idle_keys(self) -> tuple[str, ...]:
        """Fields that the others switch off: two spellings of one run have one fingerprint."""
        return ()


class Component(Settings):
    """An idea: its fields are its settings.

    A concrete class has a field named as the kind's `tag` says, whose only value is the idea's name:
    `rule: Literal["hardest"] = "hardest"`. The first line of its docstring says what it is.

    Attributes:
        kind: what it is an idea for, such as `negatives`.
        tag: the field that holds its name.
        source: where it is from: a paper, with its number in arXiv. Empty where there is nothing to cite.
        cost: what it adds to a step, in words.
        code: hash of the code of a plug-in's idea; None of the package's own, whose code the protocol's number covers.
        flags: attributes that a reader without the code needs to know.
        unnamed: whether its name is left out of fingerprints, because it was there before its kind had others.
    """

    kind: ClassVar[str]
    tag: ClassVar[str]
    source: ClassVar[str] = ""
    cost: ClassVar[str] = "nothing"
    code: ClassVar[str | None] = None
    flags: ClassVar[tuple[str, ...]] = ()
    unnamed: ClassVar[bool] = False

    @classmethod
    def title(cls) -> str | None:
        """The name in a suite; None of a class that is a base of others."""
        field = cls.model_fields.get(cls.tag)
        return None if field is None or field.is_required() else str(field.default)

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or _written_docstring(cls)).strip().split("\n")[0]

    @classmethod
    def mistake(cls) -> str | None:
        """What is wrong with the class, in one line; None if nothing is."""
        return None

    def settings(self) -> dict[str, Any]:
        """All fields but the name."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != self.tag}


def _written_docstring(cls: type) -> str:
    """The docstring as the source file has it: with PYTHONOPTIMIZE=2 Python keeps none. Empty without a source."""
    try:
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return ""
    return (ast.get_docstring(body) or "") if isinstance(body, ast.ClassDef) else ""
