"""The registration before the first run: rules of the analysis, and the design that they were declared for.

The fingerprint of the analysis covers both. A rule that is changed after the results are known changes it, and so do
more seeds after a look at the first ones, another evaluation, another arm (decision 028). A run records it when it
starts, so a report can say which runs were started under another one. Needs neither torch nor pandas.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from moco_bench.files import canonical_json, sha256_of
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.identity.run import identity
from moco_bench.suite.runs import resolve_arm
from moco_bench.suite.suite import Suite

ANALYSIS_PROTOCOL = 5
"""Raised when a change of the code changes the numbers or the verdicts of an analysis."""

RECORDED_AS = "analysis_fingerprint"
"""The key of a run.json that holds the fingerprint under which the run was started."""


def analysis_fingerprint(suite: Suite) -> str:
    """The fingerprint of a suite's analysis and design, 64 hexadecimal digits.

    Raises:
        InputError: an arm changes something that doesn't exist or to a value that can't be.
    """
    return fingerprint_of(suite.analysis, suite.baseline, suite.contrasts, design_of(suite))


def fingerprint_of(
    analysis: AnalysisConfig,
    baseline: str,
    contrasts: Mapping[str, tuple[str, str]],
    design: Mapping[str, Any] | None,
) -> str:
    """`analysis_fingerprint` from its parts; `design` is None where nothing was declared and defaults are used."""
    return sha256_of(
        {
            "protocol": ANALYSIS_PROTOCOL,
            "analysis": analysis.model_dump(mode="json"),
            "baseline": baseline,
            "contrasts": {name: list(arms) for name, arms in contrasts.items()},
            "design": design,
        }
    )


def design_of(suite: Suite) -> dict[str, Any]:
    """What is run and how it is evaluated, as plain values, without settings that change no numbers.

    Arms stand as they are when applied to the suite's sections, so two spellings of one arm are one design; so do seeds
    in another order. Whether the suite is profiled belongs to it, because it decides how memory is judged.

    Raises:
        InputError: as `analysis_fingerprint`.
    """
    design = {
        "datasets": _unordered([identity(dataset) for dataset in suite.datasets]),
        "arms": {
            arm: _unordered(
                [[identity(section) for section in resolve_arm(suite, encoder, arm)] for encoder in suite.encoders]
            )
            for arm in suite.arms
        },
        "evaluate": identity(suite.evaluate),
        "seeds": sorted(suite.seeds),
        "repeat_seeds": sorted(suite.repeat_seeds),
        "budgets": sorted(suite.budgets),
        "profiled": suite.profile is not None,
    }
    if suite.tune:  # suites without one keep their fingerprint
        design["tune"] = {key: list(suite.tune[key]) for key in sorted(suite.tune)}
    return design


def _unordered(values: list[Any]) -> list[Any]:
    return sorted(values, key=canonical_json)


class StartedUnder(NamedTuple):
    """Runs, by their place in the results, that weren't started under the current analysis.

    `other` were started under another fingerprint; `unknown` don't say under which.
    """

    other: tuple[str, ...]
    unknown: tuple[str, ...]


def started_under(records: Mapping[str, Mapping[str, Any]], fingerprint: str) -> StartedUnder:
    """Which runs were started under another analysis than `fingerprint`'s, before a rule or the design was changed.

    A run that was taken over from another suite counts as started under that suite's analysis. `records` are the
    contents of run.json by the run's directory; the key may be missing, as in older records.
    """
    recorded = {place: record.get(RECORDED_AS) for place, record in records.items()}
    known = {place: found for place, found in recorded.items() if isinstance(found, str) and found}
    return StartedUnder(
        other=tuple(place for place, found in known.items() if found != fingerprint),
        unknown=tuple(place for place in recorded if place not in known),
    )
