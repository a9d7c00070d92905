"""Types of fields that several sections share."""

from typing import Annotated, Literal

from pydantic import Field

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A name that may stand in a path."""
Budget = Literal["epochs", "seconds", "flops"]
"""At what the arms of a comparison are equal."""
