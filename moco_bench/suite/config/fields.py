"""Types of fields that several sections share."""

from typing import Annotated, Literal

from pydantic import Field

LABEL = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Label = Annotated[str, Field(pattern=LABEL)]
"""A name that may stand in a path."""
DEVICE = r"^(auto|cpu|cuda(:\d{1,2})?)$"
Device = Annotated[str, Field(pattern=DEVICE)]
"""What a run computes on."""
Budget = Literal["epochs", "seconds", "flops"]
"""At what the arms of a comparison are equal."""
