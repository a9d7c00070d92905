"""How a results directory is to be analysed: what its suite declared, or the defaults where there is no suite."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from moco_bench.files import sha256_of
from moco_bench.suite.analysis import AnalysisConfig
from moco_bench.suite.strict_yaml import read_yaml
from moco_bench.suite.suite import Suite, parse_suite

ANALYSIS_PROTOCOL = 1
"""Raised when a change of the code changes the numbers of an analysis."""


@dataclass(frozen=True)
class AnalysisPlan:
    """Rules, baseline and comparisons. `suite` is None where none is known: then no claims are judged."""

    config: AnalysisConfig = field(default_factory=AnalysisConfig)
    baseline: str = "vanilla"
    contrasts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    suite: Suite | None = None

    @property
    def fingerprint(self) -> str:
        """Of everything that was declared about the analysis; a rule that is changed later changes it."""
        return sha256_of(
            {
                "protocol": ANALYSIS_PROTOCOL,
                "analysis": self.config.model_dump(mode="json"),
                "baseline": self.baseline,
                "contrasts": {name: list(arms) for name, arms in self.contrasts.items()},
                "preregistered": self.suite is not None,
            }
        )


def plan_for(results: Path) -> AnalysisPlan:
    """The plan in `results`/suite.yaml, the default where that file doesn't exist. Raises `InputError`."""
    path = results / "suite.yaml"
    if not path.exists():
        return AnalysisPlan()
    return plan_of(parse_suite(read_yaml(path), str(path)))


def plan_of(suite: Suite) -> AnalysisPlan:
    """What `suite` declares about its analysis."""
    return AnalysisPlan(suite.analysis, suite.baseline, dict(suite.contrasts), suite)
