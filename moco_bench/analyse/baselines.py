"""Whether training added anything: the baseline arm against raw pixels and the untrained encoder.

An encoder that is no better than its own initialisation, or than the pixels it was given, has learnt nothing that an
ingredient of the loss could improve. So accuracy and structure are judged only where the baseline arm is above both by
more than the margin.
"""

import math
from dataclasses import dataclass

import pandas as pd

from moco_bench.analyse.evidence import Evidence
from moco_bench.analyse.table import equal_epochs, finished
from moco_bench.analyse.text import number
from moco_bench.suite.metrics import METRICS, MetricColumn

PIXELS, UNTRAINED = "raw pixels", "the untrained encoder"
ACCURACIES = ("knn_top1", "linear_top1")


@dataclass(frozen=True)
class Standing:
    """One measure of the baseline arm on one data set and encoder, mean over seeds, in percent; NaN: not known."""

    title: str
    arm: str
    reached: float
    pixels: float
    untrained: float
    margin: float

    @property
    def known(self) -> bool:
        """Whether the arm's value and at least one floor are known."""
        return not math.isnan(self.reached) and not (math.isnan(self.pixels) and math.isnan(self.untrained))

    @property
    def decided(self) -> bool:
        """Whether the arm is known to be above both floors, or known not to be above one of them."""
        both = not math.isnan(self.pixels) and not math.isnan(self.untrained)
        return self.known and (both or bool(self.short_of))

    @property
    def short_of(self) -> tuple[str, ...]:
        """Floors that the arm doesn't exceed by more than the margin; empty if it exceeds both or none is known."""
        floors = ((PIXELS, self.pixels), (UNTRAINED, self.untrained))
        return tuple(name for name, floor in floors if not math.isnan(floor) and not self.reached - floor > self.margin)

    @property
    def words(self) -> str:
        """In a clause: `vanilla's kNN accuracy, 71.2 %, is 6.3 points below raw pixels, 77.5 %, and 20 points ...`."""
        parts = [
            f"{self._relation(floor)} {name}, {number(floor, 1)} %"
            for name, floor in ((PIXELS, self.pixels), (UNTRAINED, self.untrained))
            if not math.isnan(floor)
        ]
        return f"{self.arm}'s {self.title}, {number(self.reached, 1)} %, is {' and '.join(parts)}"

    def _relation(self, floor: float) -> str:
        gap = self.reached - floor
        if gap > self.margin:
            return f"{number(gap, 1)} points above"
        if gap < -self.margin:
            return f"{number(-gap, 1)} points below"
        return f"within {self.margin:g} point{'s' * (self.margin != 1)} of"


def standing(runs: pd.DataFrame, metric: MetricColumn, arm: str, evidence: Evidence, margin: float) -> Standing | None:
    """The arm's standing in what `metric` says about representations; None for metrics of cost and without a floor.

    `runs` are of one data set, encoder and budget. Where the metric has no floors of its own, those of the metric that
    stands for it are meant. `margin`: points that the arm has to be above them.
    """
    if not metric.floor:
        return None
    own = METRICS[metric.reached or metric.name]
    done = finished(runs)
    values = done.loc[done["arm"] == arm, own.name]
    dataset, encoder = str(runs["dataset"].iloc[0]), str(runs["encoder"].iloc[0])
    pixels, untrained = evidence.floor(dataset, encoder, metric.floor_pixels or metric.floor, metric.floor)
    title = own.title[:1].lower() + own.title[1:] if own.title[:2] != "kN" else own.title
    return Standing(title, arm, float(values.mean()), pixels, untrained, margin)


def standings(runs: pd.DataFrame, arm: str, evidence: Evidence, margin: float) -> dict[tuple[str, str], list[Standing]]:
    """The known standings of the arm by `ACCURACIES`, on each data set and encoder at equal epochs."""
    found: dict[tuple[str, str], list[Standing]] = {}
    for (dataset, encoder), cell in equal_epochs(runs).groupby(["dataset", "encoder"], sort=False):
        own = [standing(cell, METRICS[name], arm, evidence, margin) for name in ACCURACIES]
        found[str(dataset), str(encoder)] = [one for one in own if one is not None and one.known]
    return found
