"""The methods section, written from the runs' own records and the suite's declared rules."""

from moco_bench.analyse.doses import doses_said
from moco_bench.analyse.plan import AnalysisPlan
from moco_bench.analyse.signflip import seeds_needed
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import listed, margin_words
from moco_bench.report.read.results import Results
from moco_bench.report.read.settings import disagreements, trained_runs
from moco_bench.report.sections.methods.ideas import ideas_said
from moco_bench.report.sections.methods.runs import arms_said, evaluation_said, images_said, training_said
from moco_bench.suite.analysis import AnalysisConfig
from moco_bench.suite.suite import Suite

READING = (
    "The paper that this suite follows (arXiv 2501.16360) is known to us by its abstract. Every formula here is our "
    "reading of it: the dual-view loss's form and weight, the filter's rule and size, and the recipe around them."
)
WHY_T = (
    "The t interval is exact for normal differences and the narrower of the two with few seeds. With skewed "
    "differences it covers less than it says and the bootstrap covers more; both were measured "
    "(documentation, page on statistics)."
)
WHY_BOOTSTRAP = (
    "The bootstrap keeps closer to its level than the t interval where differences are skewed, and is wider with few "
    "seeds; both were measured (documentation, page on statistics)."
)


def methods_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """Headed paragraphs: what was trained on what, how it was evaluated, how it was judged."""
    parts: list[tuple[str, tuple[Note, ...]]] = []
    runs = trained_runs(results)
    if runs:
        record = next((f"{place}/run.json" for place in results.records), "suite.yaml")
        where = record if runs[0].recorded else "suite.yaml"
        parts.append(("What was trained", links.notes([READING, *training_said(results, runs)], where)))
        parts.append(("Arms", links.notes([*arms_said(results, runs), *disagreements(results)], where)))
    suite = results.plan.suite
    if suite is not None:
        ideas = ideas_said(suite)
        if ideas:
            parts.append(("Losses and negatives", links.notes(ideas, "suite.yaml")))
        parts.append(("How it was evaluated", links.notes(evaluation_said(results, suite.evaluate), "suite.yaml")))
    images = images_said(results)
    if images:
        places = (f"data/{name}.json" for name in results.manifests)
        parts.append(("Images, and what an interval covers", links.notes(images, *places)))
    judged = [*_statistics(results.plan), registered(results)]
    parts.append(("How it was judged", links.notes(judged, "suite.yaml")))
    return tuple(
        note._replace(heading="" if place else title) for title, notes in parts for place, note in enumerate(notes)
    )


def _statistics(plan: AnalysisPlan) -> list[str]:
    config = plan.config
    level = 1 - config.confidence
    shown, other = config.interval.replace("-", " "), "t"
    if config.interval == "t":
        other = "studentised bootstrap"
    extent = "data set and encoder" if config.holm == "data-set" else "suite, all its data sets and encoders together"
    metrics = (config.primary, *config.metrics, *config.costs)
    return [
        " ".join(
            part
            for part in (
                "Effects are computed seed by seed and averaged: dual view = ((dual + both) - (vanilla + filter)) / 2, "
                "filtering = ((filter + both) - (vanilla + dual)) / 2, interaction = both - dual - filter + vanilla.",
                doses_said(plan),
            )
            if part
        ),
        f"The interval shown is the {100 * config.confidence:g} % {shown} interval; beside it stands the {other} "
        f"interval. {WHY_T if config.interval == 't' else WHY_BOOTSTRAP}",
        "p-values are two-sided and exact: all sign flips of the seeds' differences up to 16 seeds, a seeded sample "
        f"above. Holm's correction covers a family: one metric's factorial effects on one {extent}; arms against the "
        "baseline, and the suite's own contrasts, are families of their own.",
        "An effect is called higher or lower where the interval leaves out zero and the corrected exact p is at most "
        f"{level:.2g}; \u201cno difference\u201d where two one-sided tests, by t and by sign flips, both put it "
        f"within {margin_words(config, metrics)} after the same correction, and a difference could have been found "
        "with so many seeds; it \u201cleans\u201d where only the t side says so, which confirms nothing. Anything else "
        "is not decided. "
        f"{seeds_needed(level, 3)} seeds are the fewest that can confirm one of three effects.",
    ]


def registered(results: Results) -> str:
    """Where the rules come from, and the fingerprint that changes with them."""
    suite = results.plan.suite
    if suite is None:
        return "No suite file lies with these results: defaults were used, and no claims are judged."
    return (
        f"{rules_of(suite)} Fingerprint of the analysis: {results.plan.fingerprint}. It covers the rules and the "
        "design; what is changed in either changes it."
    )


def rules_of(suite: Suite) -> str:
    """Whether the suite declares rules of its own, and which."""
    if "analysis" not in suite.model_fields_set:
        return "The rules are the package\u2019s defaults: suite.yaml has no block \u201canalysis\u201d."
    stated = suite.analysis.model_fields_set
    if not stated:
        return "The rules are the package\u2019s defaults: the block \u201canalysis\u201d of suite.yaml is empty."
    rules = f"The block \u201canalysis\u201d of suite.yaml states {listed(sorted(stated))}"
    open_fields = sorted(set(AnalysisConfig.model_fields) - stated)
    return f"{rules}; {listed(open_fields)} are the package\u2019s defaults." if open_fields else f"{rules}."
