"""Medians, quartiles and ratios of rounds. Two contenders are compared within a round, never across rounds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Rounds = Sequence[Mapping[str, float]]
"""Seconds by contender, for each round."""


def spread(values: Sequence[float]) -> tuple[float, list[float]]:
    """Median, and first and third quartile."""
    low, median, high = np.percentile(values, [25, 50, 75])
    return float(median), [float(low), float(high)]


def throughput(rounds: Rounds, name: str, batch_size: int) -> dict[str, Any]:
    """Images/s of a contender: median, quartiles, and the value of each round."""
    samples = [batch_size / times[name] for times in rounds]
    median, quartiles = spread(samples)
    return {"images_per_second": median, "quartiles": quartiles, "rounds": samples}


def speedup(rounds: Rounds, name: str, peer: str) -> tuple[float, list[float]] | None:
    """How many times as fast `name` is as `peer`: median and quartiles over rounds; None where one is missing."""
    if not rounds or name not in rounds[0] or peer not in rounds[0]:
        return None
    return spread([times[peer] / times[name] for times in rounds])
