"""Coverage and error rates of intervals and tests with few seeds, measured on data whose truth is known.

`python -m benchmarks.studies.interval_coverage` prints the tables that `docs/statistics.md` shows.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from moco_bench.analyse.intervals import studentised_bootstrap_interval, t_interval
from moco_bench.analyse.ledger import max_t
from moco_bench.analyse.multiplicity import holm
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
    """Fractions of simulated data sets, 0 to 1; widths are medians in standard deviations of a difference."""

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


CLAIMS = ((1, "dual_view"), (1, "filtering"), (2, "filtering"), (3, "both"), (2, "both"), (4, "both"))
"""The abstract's claims as (metric, effect): kNN, kNN under corruptions, linear probe, structure."""


@dataclass(frozen=True)
class LedgerErrors:
    """Fractions of suites with a claim that is called supported or contradicted although there is no effect."""

    n: int
    correlation: float
    families: float
    corrected: float


def simulate_ledger(n: int, correlation: float, *, suites: int, seed: int) -> LedgerErrors:
    """Suites of four arms without any effect, whose metrics are correlated over runs: how many have a wrong direction?

    Args:
        n: paired seeds.
        correlation: between two metrics of one run, beyond what the seed's arms share.
        suites: how many.
        seed: of the simulation.
    """
    generator = np.random.default_rng(seed)
    wrong_families, wrong = [], []
    for start in range(0, suites, CHUNK):
        size = min(CHUNK, suites - start)
        shared = generator.normal(size=(size, 1, 4, n)) * sqrt(correlation)
        vanilla, dual, filtered, both = np.moveaxis(
            shared + generator.normal(size=(size, 4, 4, n)) * sqrt(1 - correlation), 2, 0
        )  # [suites, metrics, seeds]
        effects = {
            "dual_view": (dual + both - vanilla - filtered) / 2,
            "filtering": (filtered + both - vanilla - dual) / 2,
            "interaction": both - dual - filtered + vanilla,
            "dual": dual - vanilla,
            "filter": filtered - vanilla,
            "both": both - vanilla,
        }
        p = {name: sign_flip_p(x) for name, x in effects.items()}  # [suites, metrics]
        x = np.stack([effects[effect][:, metric - 1] for metric, effect in CLAIMS], axis=1)
        low, high = t_interval(x)
        in_family = np.stack([_in_family(p, effect)[:, metric - 1] for metric, effect in CLAIMS], axis=1)
        found = ((low > 0) | (high < 0)) & (in_family <= 0.05 + 1e-12)
        wrong_families.append(found.any(axis=1))
        wrong.append((found & (max_t(x) <= 0.05 + 1e-12)).any(axis=1))
    return LedgerErrors(
        n, correlation, float(np.concatenate(wrong_families).mean()), float(np.concatenate(wrong).mean())
    )


def _in_family(p: dict[str, Floats], effect: str) -> Floats:
    """Holm's p of an effect within its family: the 2x2's three effects, or the three arms against vanilla."""
    families = (("dual_view", "filtering", "interaction"), ("dual", "filter", "both"))
    family = next(names for names in families if effect in names)
    of_family = np.stack([p[name] for name in family], axis=-1)
    adjusted = np.apply_along_axis(holm, -1, of_family)
    return np.asarray(adjusted[..., family.index(effect)])


def ledger_as_markdown(found: Iterable[LedgerErrors]) -> str:
    """The documentation's table of wrong verdicts on claims, in Markdown."""
    lines = [
        "| Seeds | Correlation of metrics | wrong direction, corrected within families | and over all claims |",
        "|---:|---:|---:|---:|",
    ]
    lines += [f"| {r.n} | {r.correlation:g} | {100 * r.families:.1f} % | {100 * r.corrected:.1f} % |" for r in found]
    return "\n".join(lines)


def as_markdown(found: Iterable[Reliability]) -> str:
    """The documentation's table of coverage and false positives, in Markdown."""
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
    parser.add_argument("--datasets", type=int, default=20_000, help="simulated data sets per row (default: 20000)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[4, 5, 7, 8, 10], help="numbers of seeds")
    parser.add_argument("--seed", type=int, default=0, help="of the simulation")
    parser.add_argument("--ledger", action="store_true", help="wrong verdicts among a suite's claims instead")
    options = parser.parse_args(arguments)
    if options.ledger:
        found = (
            simulate_ledger(n, correlation, suites=options.datasets, seed=options.seed)
            for n in options.seeds
            if n > 6
            for correlation in (0.0, 0.2, 0.4, 0.6, 0.8)
        )
        print(ledger_as_markdown(found))
        return
    print(
        as_markdown(
            simulate(distribution, n, datasets=options.datasets, seed=options.seed)
            for distribution in DISTRIBUTIONS
            for n in options.seeds
        )
    )


if __name__ == "__main__":
    main()
