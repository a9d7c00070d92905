"""How often the intervals cover the truth where seeds and test images are both drawn.

`python -m benchmarks.studies.image_coverage` prints the table of docs/statistics.md.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from moco_bench.analyse.images import two_level_interval
from moco_bench.analyse.intervals import t_interval

IMAGES, INTERACTION = 300, 20.0
SETTINGS = ((0.5, 8.0), (1.0, 20.0), (0.0, 12.0), (1.8, 0.0))
"""Standard deviations over seeds and over images, in percentage points."""


@dataclass(frozen=True)
class Coverage:
    """Fractions of data sets whose 95 % interval holds the true mean, zero.

    Attributes:
        seeds_alone: of the seeds' t interval.
        both: of the interval over seeds and images.
    """

    seeds_alone: float
    both: float


def simulate_images(
    n: int, seeds: float, images: float, interaction: float = INTERACTION, *, datasets: int, seed: int
) -> Coverage:
    """Differences of `n` seeds on `IMAGES` images with normal parts: of the seed, of the image, and of both."""
    rng = np.random.default_rng([seed, n, round(10 * seeds), round(10 * images)])
    alone = both = 0
    for _ in range(datasets):
        x = rng.normal(0, interaction, (n, IMAGES)) + rng.normal(0, seeds, (n, 1)) + rng.normal(0, images, IMAGES)
        low, high = t_interval(x.mean(axis=1))
        alone += bool(low <= 0 <= high)
        wide_low, wide_high = two_level_interval(x)
        both += wide_low <= 0 <= wide_high
    return Coverage(alone / datasets, both / datasets)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description="Measure what intervals cover where seeds and images are drawn.")
    parser.add_argument("--datasets", type=int, default=2000, help="simulated data sets per row (default: 2000)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 5, 8], help="numbers of seeds")
    parser.add_argument("--seed", type=int, default=0, help="of the simulation")
    options = parser.parse_args(arguments)
    print("| Seeds | Seeds vary by | Images vary by | seeds' interval covers | two-level interval covers |")
    print("|---:|---:|---:|---:|---:|")
    for n in options.seeds:
        for seeds, images in SETTINGS:
            found = simulate_images(n, seeds, images, datasets=options.datasets, seed=options.seed)
            of_mean = images / math.sqrt(IMAGES)
            print(
                f"| {n} | {seeds:g} | {of_mean:.2f} | {found.seeds_alone:.1%} | {found.both:.1%} |".replace("%", " %")
            )


if __name__ == "__main__":
    main()
