"""A field that holds an idea of a kind: by its name, or by its name and settings."""

from typing import Annotated

import pytest
from pydantic import ValidationError

from moco_bench.components.base import Settings
from moco_bench.components.field import OneOf
from moco_bench.components.negatives import All, Hardest, Negatives


class Section(Settings):
    """A section with an idea, and one that is `hardest` where no name is given."""

    rule: Annotated[Negatives, OneOf("negatives")] = All()
    other: Annotated[Negatives, OneOf("negatives", default="hardest")] = All()


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("hardest", Hardest()),
        ({"rule": "hardest", "count": 3}, Hardest(count=3)),
        (Hardest(count=3), Hardest(count=3)),
    ],
)
def test_an_idea_is_given_by_name_by_settings_or_itself(given, rule):
    section = Section.model_validate({"rule": given})
    assert section.rule == rule
    assert Section.model_validate(section.model_dump()) == section


def test_settings_without_a_name_are_those_of_the_default():
    assert Section.model_validate({"other": {"count": 3}}).other == Hardest(count=3)
    with pytest.raises(ValidationError):
        Section.model_validate({"rule": {"count": 3}})


@pytest.mark.parametrize("given", ["hardst", {"rule": "hardst"}, {"rule": "hardest", "cuont": 3}, 3, None])
def test_what_is_no_idea_of_its_kind_is_refused(given):
    with pytest.raises(ValidationError):
        Section.model_validate({"rule": given})


def test_a_name_that_nobody_knows_is_refused_with_those_that_there_are():
    with pytest.raises(ValidationError, match=r"'hardst' found using 'rule' does not match .*'hardest'"):
        Section.model_validate({"rule": "hardst"})
