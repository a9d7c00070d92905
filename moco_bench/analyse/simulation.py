"""How well intervals and tests keep their word with few seeds, measured on data whose truth is known.

`python -m moco_bench.analyse.simulation` prints the table that `docs/statistics.md` shows.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from moco_bench.analyse.intervals import studentised_bootstrap_interval, t_interval
from moco_bench.analyse.signflip import sign_flip_p

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]
CHUNK = 1000  # data sets at once: the bootstrap holds a value for each data set and resample


@dataclass(frozen=True)
class Distribution:
    """Paired differences with mean zero, scaled to unit variance."""

    name: str
    symmetric: bool
    draw: Draw


DISTRIBUTIONS: tuple[Distribution, ...] = (
    Distribution("normal", True, lambda g, shape: g.normal(size=shape)),
    Distribution("uniform", True, lambda g, shape: g.uniform(-sqrt(3), sqrt(3), size=shape)),
    Distribution("Laplace", True, lambda g, shape: g.laplace(scale=sqrt(0.5), size=shape)),
    Distribution("Student's t, 3 degrees", True, lambda g, shape: g.standard_t(3, size=shape) / sqrt(3)),
    Distribution("exponential", False, lambda g, shape: g.exponential(size=shape) - 1),
    Distribution(
        "log-normal", False, lambda g, shape: (g.lognormal(size=shape) - exp(0.5)) / sqrt((exp(1) - 1) * exp(1))
    ),
)


@dataclass(frozen=True)
class Reliability:
    """Parts of simulated data sets, 0 to 1; widths are medians in standard deviations of a difference."""

    distribution: str
    n: int
    t_coverage: float
    bootstrap_coverage: float
    sign_flip_false_positives: float
    t_width: float
    bootstrap_width: float


def simulate(
    distribution: Distribution,
    n: int,
    *,
    datasets: int,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> Reliability:
    """Draw `datasets` samples of `n` differences with true mean zero; see how often each procedure is right."""
    generator = np.random.default_rng(seed)
    t_hits, bootstrap_hits, rejected = [], [], []
    t_widths, bootstrap_widths = [], []
    for start in range(0, datasets, CHUNK):
        x = distribution.draw(generator, (min(CHUNK, datasets - start), n))
        low, high = t_interval(x, confidence)
        t_hits.append((low <= 0) & (high >= 0))
        t_widths.append(high - low)
        low, high = studentised_bootstrap_interval(x, confidence, resamples=resamples)
        bootstrap_hits.append((low <= 0) & (high >= 0))
        bootstrap_widths.append(high - low)
        rejected.append(sign_flip_p(x) <= 1 - confidence + 1e-12)
    return Reliability(
        distribution.name,
        n,
        float(np.concatenate(t_hits).mean()),
        float(np.concatenate(bootstrap_hits).mean()),
        float(np.concatenate(rejected).mean()),
        float(np.median(np.concatenate(t_widths))),
        float(np.median(np.concatenate(bootstrap_widths))),
    )


def as_markdown(found: Iterable[Reliability]) -> str:
    """The table of the documentation."""
    lines = [
        "| Differences | Seeds | t covers | Bootstrap covers | Sign-flip false positives | t width | Bootstrap width |",
        "|:---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {r.distribution} | {r.n} | {100 * r.t_coverage:.1f} % | {100 * r.bootstrap_coverage:.1f} % | "
        f"{100 * r.sign_flip_false_positives:.1f} % | {r.t_width:.2f} | {r.bootstrap_width:.2f} |"
        for r in found
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure coverage and false positives with few seeds.")
    parser.add_argument("--datasets", type=int, default=20_000, help="simulated data sets a row (default: 20000)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[4, 5, 7, 8, 10], help="numbers of seeds")
    parser.add_argument("--seed", type=int, default=0, help="of the simulation")
    options = parser.parse_args(arguments)
    print(
        as_markdown(
            simulate(distribution, n, datasets=options.datasets, seed=options.seed)
            for distribution in DISTRIBUTIONS
            for n in options.seeds
        )
    )


if __name__ == "__main__":
    main()
