"""How to analyse a results directory: as its suite declared, or by the defaults if there is no suite."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from moco_bench.analyse.contrasts import Contrast, contrasts_among
from moco_bench.analyse.evidence import Evidence
from moco_bench.errors import InputError
from moco_bench.suite.checks.comparisons import arms_without_pairs, check_comparisons, random_numbers_shared
from moco_bench.suite.config.analysis import ABSTRACT_CLAIMS, BOTH_INGREDIENTS, AnalysisConfig, ClaimRule
from moco_bench.suite.factorial import Factorial, effect_of_both, factorial_of
from moco_bench.suite.identity.analysis import design_of, fingerprint_of
from moco_bench.suite.load import parse_suite
from moco_bench.suite.strict_yaml import read_yaml
from moco_bench.suite.suite import Suite


@dataclass(frozen=True)
class AnalysisPlan:
    """What the analysis uses: the suite's declared rules, baseline and own comparisons, and further evidence.

    Without a `suite` no claims are judged. `factorial` are the arms of the 2x2, None where there is none; without a
    suite the arms' names are all that is known. `no_factorial`: why arms that look like a 2x2 are none, in one line.
    `evidence` lies beside the table of runs: floors, each image's outcome, counted bytes at other queues.
    """

    config: AnalysisConfig = field(default_factory=AnalysisConfig)
    baseline: str = "vanilla"
    contrasts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    suite: Suite | None = None
    factorial: Factorial | None = field(default_factory=Factorial)
    no_factorial: str = ""
    evidence: Evidence = field(default_factory=Evidence, compare=False)

    @cached_property
    def fingerprint(self) -> str:
        """The hash of everything that was declared before the runs, the design included.

        The same as `suite.identity.analysis.analysis_fingerprint` of the suite, where there is one.
        """
        design = None if self.suite is None else design_of(self.suite)
        return fingerprint_of(self.config, self.baseline, self.contrasts, design)

    def contrasts_of(self, arms: Iterable[str]) -> tuple[Contrast, ...]:
        """All comparisons among these arms."""
        paired = (arm for arm in arms if arm not in self._alone)
        return contrasts_among(paired, self.baseline, self.contrasts, self.factorial)

    def effect_of(self, claim: ClaimRule) -> str | None:
        """The effect that a claim is about: those of the abstract are about what arms change, not their names."""
        if self.suite is None or claim not in ABSTRACT_CLAIMS or claim.effect != BOTH_INGREDIENTS:
            return claim.effect
        return effect_of_both(self.suite, self.factorial)

    @cached_property
    def shared(self) -> Mapping[str, int]:
        """Arms that by design don't share all random numbers with the baseline: see `random_numbers_shared`."""
        return {} if self.suite is None else random_numbers_shared(self.suite)

    @cached_property
    def _alone(self) -> frozenset[str]:
        return frozenset() if self.suite is None else arms_without_pairs(self.suite)


def plan_for(results: Path) -> AnalysisPlan:
    """The plan in `results`/suite.yaml, or the default if that file doesn't exist, with the evidence beside it.

    Raises:
        InputError: the suite can't be used, or one of its names is another comparison's.
    """
    path, evidence = results / "suite.yaml", Evidence(results)
    if not path.exists():
        return AnalysisPlan(evidence=evidence)
    suite = parse_suite(read_yaml(path), str(path))
    try:
        return plan_of(suite, evidence)
    except (InputError, ValueError) as error:  # what `plan` refuses before it runs can stand here all the same
        raise InputError(f"{path}: {error}") from None


def plan_of(suite: Suite, evidence: Evidence | None = None) -> AnalysisPlan:
    """The plan that `suite` declares. Raises `InputError` where a comparison's name is taken."""
    check_comparisons(suite)
    square, why = factorial_of(suite)
    return AnalysisPlan(
        suite.analysis, suite.baseline, dict(suite.contrasts), suite, square, why, evidence or Evidence()
    )
