"""How a results directory is to be analysed: what its suite declared, or the defaults where there is no suite."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from moco_bench.suite.analysis import AnalysisConfig
from moco_bench.suite.registered import design_of, fingerprint_of
from moco_bench.suite.strict_yaml import read_yaml
from moco_bench.suite.suite import Suite, parse_suite


@dataclass(frozen=True)
class AnalysisPlan:
    """Rules, baseline and comparisons. `suite` is None where none is known: then no claims are judged."""

    config: AnalysisConfig = field(default_factory=AnalysisConfig)
    baseline: str = "vanilla"
    contrasts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    suite: Suite | None = None

    @property
    def fingerprint(self) -> str:
        """Of everything that was declared before the runs, the design included; see `suite.registered`.

        The same as `registered.analysis_fingerprint` of the suite, where there is one.
        """
        design = None if self.suite is None else design_of(self.suite)
        return fingerprint_of(self.config, self.baseline, self.contrasts, design)


def plan_for(results: Path) -> AnalysisPlan:
    """The plan in `results`/suite.yaml, the default where that file doesn't exist. Raises `InputError`."""
    path = results / "suite.yaml"
    if not path.exists():
        return AnalysisPlan()
    return plan_of(parse_suite(read_yaml(path), str(path)))


def plan_of(suite: Suite) -> AnalysisPlan:
    """What `suite` declares about its analysis."""
    return AnalysisPlan(suite.analysis, suite.baseline, dict(suite.contrasts), suite)
