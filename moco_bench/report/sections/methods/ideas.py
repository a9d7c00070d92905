"""What the arms' losses and rules about negatives are, in their classes' own words."""

from moco_bench.components.base import Component
from moco_bench.suite.runs import expand
from moco_bench.suite.suite import Suite


def ideas_said(suite: Suite) -> list[str]:
    """A sentence for each idea that an arm names: what it is, and where it is from. Plug-ins say theirs as well."""
    found: dict[tuple[str, str], type[Component]] = {}
    for run in expand(suite):
        for idea in (run.contrast.loss, run.contrast.negatives, run.train.augment):
            found.setdefault((idea.kind, str(idea.title())), type(idea))
    said = [_said(name, idea) for (_, name), idea in found.items() if name not in ("none", "all") and not idea.unnamed]
    return [" ".join(said)] if said else []


def _said(name: str, idea: type[Component]) -> str:
    own = " (a plug-in\u2019s)" if idea.code is not None else ""
    source = f" Source: {idea.source}." if idea.source else ""
    return f"{name}{own}: {idea.summary().rstrip('.')}.{source}"
