"""`floors/DATASET.json`, validated: accuracies in percent on raw pixels and on untrained encoders."""

from contextlib import suppress
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

Percentage = Annotated[float, Field(strict=True, ge=0, le=100)]
Accuracies = dict[str, Percentage]
"""Percentages by measure."""


def _top1(value: Any) -> Any:
    found = value.get("top1") if isinstance(value, dict) else None
    return found if isinstance(found, int | float) else None


class Floors(BaseModel):
    """Accuracies of one data set's baselines; attributes that the file lacks are empty."""

    model_config = ConfigDict(frozen=True)
    pixels: Accuracies = {}
    random_encoder: dict[str, dict[str, Accuracies]] = Field({}, description="By encoder and seed.")
    largest_class: Annotated[Percentage | None, BeforeValidator(_top1)] = Field(
        None, description="What always naming the most frequent class is right for."
    )


def whole_floors(files: dict[str, Any]) -> dict[str, Floors]:
    """The valid floors by data set."""
    found = {}
    for dataset, content in files.items():
        with suppress(ValidationError):
            found[dataset] = Floors.model_validate(content)
    return found
