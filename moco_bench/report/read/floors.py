"""`floors/DATASET.json` as a report may rely on it: percentages by measure, for pixels and for untrained encoders."""

from typing import Any, TypedDict

Accuracies = dict[str, float]
"""Percentages by measure."""


class Floors(TypedDict):
    """Of one data set; a part that the file doesn't have is empty."""

    pixels: Accuracies
    random_encoder: dict[str, dict[str, Accuracies]]
    """By encoder and seed."""
    largest_class: float | None
    """What always naming the most frequent class is right for."""


def whole_floors(files: dict[str, dict[str, Any]], damaged: list[str]) -> dict[str, Floors]:
    """The floors of each data set whose file has their shape; the others' names are added to `damaged`."""
    found = {}
    for dataset, content in files.items():
        pixels, encoders = content.get("pixels", {}), content.get("random_encoder", {})
        if _are_accuracies(pixels) and isinstance(encoders, dict) and all(map(_are_seeds, encoders.values())):
            largest = content.get("largest_class")
            top1 = largest.get("top1") if isinstance(largest, dict) else None
            found[dataset] = Floors(
                pixels=pixels, random_encoder=encoders, largest_class=top1 if _is_percentage(top1) else None
            )
        else:
            damaged.append(f"floors/{dataset}.json")
    return found


def _are_seeds(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_are_accuracies, value.values()))


def _are_accuracies(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_percentage, value.values()))


def _is_percentage(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 100
