"""What every section and every idea is: immutable settings under a name."""

from typing import ClassVar, Literal

import pytest
from pydantic import ValidationError

from moco_bench.components.base import Component, Settings


class Section(Settings):
    """A section with a key of an earlier version."""

    RETIRED: ClassVar[tuple[str, ...]] = ("old",)
    size: int = 3
    share: float = 0.5


class Kind(Component):
    """The base of a kind."""

    kind: ClassVar[str] = "kind"
    tag: ClassVar[str] = "name"


class Idea(Kind):
    """Does something.

    And says more.
    """

    name: Literal["own-idea"] = "own-idea"
    count: int = 3


@pytest.mark.parametrize(
    "given", [{"sise": 3}, {"size": "3"}, {"size": 1.5}, {"share": float("nan")}, {"share": float("inf")}]
)
def test_nothing_is_guessed(given):
    with pytest.raises(ValidationError):
        Section.model_validate(given)


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Section().size = 4


def test_a_retired_key_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="no effect any more: old"):
        assert Section.model_validate({"old": 1, "size": 4}) == Section(size=4)


def test_an_idea_has_a_name_a_summary_and_settings():
    assert (Idea.title(), Idea.summary(), Idea(count=4).settings()) == ("own-idea", "Does something.", {"count": 4})
    assert Kind.title() is None
