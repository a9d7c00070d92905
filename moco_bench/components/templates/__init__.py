"""Templates of `moco-bench new`: a working idea to change, and its test."""

from pathlib import Path

_ARM = "arms:\n    NAME:\n      "
USED_AS = {
    "augmentation": _ARM + "train: {augment: NAME}",
    "backbone": "encoder: {name: NAME}",
    "dataset": "dataset: NAME",
    "head": "encoder: {name: resnet-compact, head: NAME}",
    "metric": "evaluate: {metrics: [NAME]}",
    "negatives": _ARM + "contrast: {negatives: NAME}",
    "objective": _ARM + "contrast: {objective: NAME}",
}
"""How a suite names an idea of each kind."""


TEMPLATES = {kind: (Path(__file__).parent / f"{kind}.txt").read_text(encoding="utf-8") for kind in USED_AS}
TEST = (Path(__file__).parent / "test.txt").read_text(encoding="utf-8")


def filled(text: str, name: str) -> str:
    """A template for an idea of this name."""
    words = name.replace("_", "-").split("-")
    made = {
        "CLASS": "".join(word[:1].upper() + word[1:] for word in words),
        "MODULE": module_of(name),
        "NAME": name,
        "TITLE": " ".join(words).capitalize(),
    }
    for placeholder, value in made.items():
        text = text.replace(placeholder, value)
    return text


def module_of(name: str) -> str:
    """The module that an idea of this name lies in."""
    return name.replace("-", "_")
