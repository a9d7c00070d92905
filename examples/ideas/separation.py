"""How far apart the classes lie."""

from typing import ClassVar, Literal

from moco_bench.components import Metric


class Separation(Metric):
    """Variance between the classes' mean features as a part of all variance: 0 where classes lie in one place."""

    source: ClassVar[str] = "Fisher 1936, the ratio that linear discriminant analysis maximises"
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"

    name: Literal["separation"] = "separation"

    def compute(self, evaluation):
        """Of the images that are evaluated on; None where all features are the same."""
        features, labels = evaluation.test.features.double(), evaluation.test.labels
        centred = features - features.mean(dim=0)
        total = centred.square().sum()
        if not total > 0:
            return None
        members = [centred[labels == label] for label in labels.unique()]
        between = sum(len(own) * own.mean(dim=0).square().sum() for own in members)
        return float(between / total)
