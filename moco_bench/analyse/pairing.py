"""Common random numbers: which seeds are paired across arms, and the hashes that prove it.

All arms of a seed share initialisation, batch order and augmentations; each run records a hash of the three. Where the
hashes of a seed's arms differ, the seed isn't a pair and takes no part in paired effects; where a run has none, its
pairs are computed and marked as unproven. Runs with a budget other than epochs may differ in length on purpose, so
there it is enough that their initialisation agrees; where all three agree, because an arm's runs at equal epochs serve
there too, they are proven pairs like any others. Likewise an arm with epochs, batches or views of its own is paired by
what it shares, and one with a network of its own, which begins with other weights, isn't paired.

Nor is a seed a pair whose arms asked for the same precision and came to different ones (`auto` on unlike nodes of a
cluster), nor one for speed and memory whose arms ran on different kinds of machine.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moco_bench.analyse.contrasts import Contrast
from moco_bench.analyse.machines import COLUMNS as MACHINE
from moco_bench.analyse.machines import kind_of, precision_differs
from moco_bench.analyse.table import HASHES, finished
from moco_bench.suite.checks.comparisons import RANDOM_NUMBERS
from moco_bench.suite.metrics import METRICS, MetricColumn

Pairing = Literal["proven", "initialisation", "unproven", "none"]
Agreement = Literal["agree", "initialisation", "differ", "unknown"]
_VERDICTS = {"agree": "proven", "initialisation": "initialisation only", "unknown": "unproven", "differ": "not paired"}
UNEQUAL_PRECISION = "unequal precision"
NOT_PAIRED = "not paired: "
"""Prefix of reasons why a seed with all its runs is no pair."""
NO_RUN = "no finished run of "
SIGNIFICANT = 8
"""Significant digits of a difference: `runs.csv` holds ten of each value."""


@dataclass(frozen=True)
class PairedValues:
    """One effect's value per seed, why other seeds gave none, and how many of these are still to be run."""

    seeds: tuple[int, ...]
    values: NDArray[np.float64]
    pairing: Pairing
    left_out: dict[int, str]
    pending: int = 0


@dataclass(frozen=True)
class RunsBySeed:
    """The runs of one (data set, encoder, budget), looked up once for all of its contrasts and metrics.

    `finished`: by seed and arm. `pending`: seed and arm of runs that the suite plans and that have neither finished nor
    failed. `seeds`: of each arm, finished or not. `by_budget`: whether the runs differ in length on purpose. `shared`:
    how many of the hashes an arm shares by design, for arms with less than all of them.
    """

    finished: dict[tuple[int, str], dict[Any, Any]]
    seeds: dict[str, frozenset[int]]
    by_budget: bool
    pending: frozenset[tuple[int, str]] = frozenset()
    shared: Mapping[str, int] = field(default_factory=dict)


def runs_by_seed(cell: pd.DataFrame, shared: Mapping[str, int] | None = None) -> RunsBySeed:
    """The rows of one (data set, encoder, budget) by seed and arm; `shared` as in `RunsBySeed`."""
    columns = ["seed", "arm", "epochs", "exclusive", "directory", *MACHINE, *METRICS, *HASHES]
    planned = cell[(cell["status"] == "missing") & (cell["replicate"] == 1)]
    return RunsBySeed(
        finished={(run["seed"], run["arm"]): run for run in finished(cell)[columns].to_dict("records")},
        seeds={str(arm): frozenset(seeds) for arm, seeds in cell.groupby("arm", sort=False)["seed"]},
        by_budget=not cell["budget"].eq("epochs").all(),
        pending=frozenset(zip(planned["seed"], planned["arm"], strict=True)),
        shared=shared or {},
    )


def paired_values(runs: RunsBySeed, contrast: Contrast, metric: MetricColumn) -> PairedValues:
    """The contrast's value on a metric, seed by seed."""
    seeds, of_arms, left_out, proofs, pending = [], [], {}, [], 0
    for seed in sorted(frozenset().union(*(runs.seeds.get(arm, frozenset()) for arm in contrast.weights))):
        absent = [arm for arm in contrast.weights if (seed, arm) not in runs.finished]
        if absent:
            left_out[int(seed)] = f"{NO_RUN}{', '.join(absent)}"
            pending += any((seed, arm) in runs.pending for arm in absent)
            continue
        of_seed = [runs.finished[seed, arm] for arm in contrast.weights]
        reason = _unusable(of_seed, metric)
        needed = max(1, min(runs.shared.get(arm, len(HASHES)) for arm in contrast.weights))
        agreement = _agreement(of_seed, 1 if runs.by_budget else needed)
        if reason or agreement == "differ":
            left_out[int(seed)] = reason or _why_no_pair(of_seed, runs.shared)
            continue
        seeds.append(int(seed))
        proofs.append(agreement)
        of_arms.append([float(run[metric.name]) for run in of_seed])
    values = weighted(np.array(of_arms).reshape(len(seeds), len(contrast.weights)), list(contrast.weights.values()))
    return PairedValues(tuple(seeds), values, _weakest(proofs), left_out, pending)


def weighted(of_arms: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    """The weighted sum of the arms' values [seeds, arms] -> [seeds], rounded to the values' resolution.

    Accuracies come in steps, and sums of binary fractions miss a tie by 1e-14: as if one arm had won. So values are
    rounded to 9 significant digits of the largest of them, of which files hold 10, and the sums to 8. Steps such as
    100/359 % have no end: equal sums of their roundings may lie on two sides of a place where the last digit changes.
    Sums that differ by no more than the first rounding explains are therefore made equal first.
    """
    largest = float(np.abs(of_arms).max(initial=0.0))
    digits = SIGNIFICANT - 1 - math.floor(math.log10(largest)) if largest > 0 else SIGNIFICANT
    sums = np.round(of_arms, digits + 1) @ np.asarray(weights, dtype=np.float64)
    explained = float(np.abs(weights).sum()) * 10.0 ** -(digits + 1)
    return np.asarray(np.round(_ties_joined(sums, explained), digits) + 0.0)


def _ties_joined(values: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Values [n] in which all that follow each other within `tolerance` are replaced by the smallest of them."""
    order = np.argsort(values)
    apart = np.diff(values[order], prepend=-np.inf) > tolerance
    joined = np.empty_like(values)
    joined[order] = values[order][apart][np.cumsum(apart) - 1]
    return joined


def _unusable(of_seed: Sequence[Mapping[Any, Any]], metric: MetricColumn) -> str:
    elsewhere = [str(run["arm"]) for run in of_seed if run["epochs"] == 0 and not run[HASHES[0]]]
    if elsewhere:
        return f"{NOT_PAIRED}nothing says which random numbers {elsewhere[0]} was trained with"
    if any(math.isnan(run[metric.name]) for run in of_seed):
        return f"no {metric.name}"
    if metric.needs_quiet_machine and not all(run["exclusive"] for run in of_seed):
        return "something else ran on the machine"
    if metric.depends_on_machine and len({kind_of(run) for run in of_seed}) > 1:
        return "ran on different kinds of machine"
    if precision_differs(of_seed):
        return f"{NOT_PAIRED}computed in {' and '.join(sorted({run['precision'] for run in of_seed}))}"
    return ""


def _why_no_pair(of_seed: Sequence[Mapping[Any, Any]], shared: Mapping[str, int]) -> str:
    """In what the arms of a seed differ, and which of them differ by design."""
    place = next(place for place, name in enumerate(HASHES) if hashes_agree(of_seed, [name]) == "differ")
    networks = [str(run["arm"]) for run in of_seed if shared.get(str(run["arm"])) == 0]
    if place == 0 and networks:
        verb = "has another network" if len(networks) == 1 else "have other networks"
        return f"{NOT_PAIRED}{' and '.join(networks)} {verb}"
    return f"{NOT_PAIRED}the arms differ in {RANDOM_NUMBERS[place]}"


def why_no_pairs(row: Mapping[Any, Any]) -> str:
    """Why no seed of an effect is paired although its runs exist: `other has another network`; empty otherwise."""
    reasons = reasons_left_out(row)
    if row["n_seeds"] or not all(said.startswith(NOT_PAIRED) for said in reasons):
        return ""
    return " and ".join(said.removeprefix(NOT_PAIRED) for said in reasons)


def reasons_left_out(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """Why seeds of an effect gave no value, each reason once."""
    left_out = row.get("left_out")
    if not isinstance(left_out, str) or not left_out:
        return ()
    return tuple(dict.fromkeys(said.partition(": ")[2] for said in left_out.split("; ")))


def hashes_agree(of_seed: Sequence[Mapping[Any, Any]], names: Iterable[str] = HASHES) -> Agreement:
    """Whether the runs of one seed drew the same random numbers."""
    unknown = False
    for name in names:
        known = [run[name] for run in of_seed if run[name]]
        if len(set(known)) > 1:
            return "differ"
        unknown = unknown or len(known) < len(of_seed)
    return "unknown" if unknown else "agree"


def _agreement(of_seed: Sequence[Mapping[Any, Any]], needed: int) -> Agreement:
    """Whether the runs of one seed agree at least in the first `needed` hashes.

    Runs that differ in length on purpose share their initialisation, runs with other views the batch order as well.
    """
    whole = hashes_agree(of_seed)
    if whole == "agree" or needed == len(HASHES):
        return whole
    first = hashes_agree(of_seed, HASHES[:needed])
    return "initialisation" if first == "agree" else first


def _weakest(proofs: Sequence[Agreement]) -> Pairing:
    if not proofs:
        return "none"
    if "unknown" in proofs:
        return "unproven"
    return "initialisation" if "initialisation" in proofs else "proven"


def random_number_table(runs: pd.DataFrame, shared: Mapping[str, int] | None = None) -> pd.DataFrame:
    """One row per (data set, encoder, budget, seed): hashes, number of arms that share them, and the verdict.

    Columns: dataset, encoder, budget, seed, arms, init_hash, order_hash, augment_hash, paired
    (`proven`, `initialisation only`, `unproven`, `unequal precision` or `not paired`). Unequal hashes are listed,
    separated by spaces.
    """
    rows, done = [], finished(runs)
    done = done[~done["arm"].isin(shared or {})]  # they draw other numbers on purpose
    trained = done[(done["epochs"] != 0) | (done[HASHES[0]] != "")]  # an encoder from elsewhere may tell nothing
    for key, of_seed in trained.groupby(["dataset", "encoder", "budget", "seed"], sort=False):
        own = of_seed.to_dict("records")
        agreement = _agreement(own, len(HASHES) if key[2] == "epochs" else 1)
        unequal = agreement != "differ" and precision_differs(own)
        rows.append(
            {
                **dict(zip(("dataset", "encoder", "budget", "seed"), key, strict=True)),
                "arms": len(of_seed),
                **{name: " ".join(dict.fromkeys(value for value in of_seed[name] if value)) for name in HASHES},
                "paired": UNEQUAL_PRECISION if unequal else _VERDICTS[agreement],
            }
        )
    return pd.DataFrame(rows, columns=["dataset", "encoder", "budget", "seed", "arms", *HASHES, "paired"])
