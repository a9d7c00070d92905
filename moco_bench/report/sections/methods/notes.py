"""The methods section, written from the runs' own records and the suite's declared rules."""

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.doses import describe_doses
from moco_bench.analyse.signflip import seeds_needed
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import listed, margin_words
from moco_bench.report.read.results import Results, last_epochs
from moco_bench.report.read.settings import disagreements, trained_runs
from moco_bench.report.sections.mechanism.notes import kept_mass_said
from moco_bench.report.sections.methods.ideas import ideas_said
from moco_bench.report.sections.methods.runs import arms_said, evaluation_said, images_said, training_said
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.suite import Suite

READING = "The paper (arXiv 2501.16360) is known to us by its abstract; the formulas here are our reading of it."


def methods_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """Headed paragraphs: what was trained on what, how it was evaluated, how it was judged."""
    parts: list[tuple[str, tuple[Note, ...]]] = []
    runs = trained_runs(results)
    if runs:
        record = next((f"{place}/run.json" for place in results.records), "suite.yaml")
        where = record if runs[0].recorded else "suite.yaml"
        parts.append(("What was trained", links.notes([READING, *training_said(results, runs)], where)))
        arms = [*arms_said(results, runs), *kept_said(results), *disagreements(results)]
        parts.append(("Arms", links.notes(arms, where)))
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


def kept_said(results: Results) -> list[str]:
    """How much of the gradient's weight each filter leaves, at the last epoch."""
    last = last_epochs(results.histories)
    return [said] if len(last) and (said := kept_mass_said(last)) else []


def _statistics(plan: AnalysisPlan) -> list[str]:
    config = plan.config
    level = 1 - config.confidence
    shown, other = config.interval.replace("-", " "), "t"
    if config.interval == "t":
        other = "studentised bootstrap"
    extent = "data set and encoder" if config.holm == "data-set" else "suite, all its data sets and encoders together"
    metrics = (config.primary, *config.metrics, *config.costs)
    return [
        *([describe_doses(plan)] if describe_doses(plan) else []),
        f"Shown: the {100 * config.confidence:g} % {shown} interval over paired seeds; the {other} interval is in "
        "effects.csv. Both were checked by simulation (documentation, page on statistics).",
        "p: exact two-sided sign-flip test. Holm\u2019s correction covers a family: one metric\u2019s factorial "
        "effects on one "
        f"{extent}; arms against the baseline, and the suite\u2019s own contrasts, are families of their own.",
        f"Higher or lower: the interval leaves out zero and the corrected p is at most {level:.2g}. No difference: two "
        f"one-sided tests, by t and by sign flips, put it within {margin_words(config, metrics)} after the same "
        "correction, "
        "with enough seeds to have found a difference. \u201cSuggests\u201d: only the t side says so. "
        f"{seeds_needed(level, 3)} seeds are the fewest that can confirm one of three effects.",
    ]


def registered(results: Results) -> str:
    """Where the rules come from, and the fingerprint that changes with them."""
    suite = results.plan.suite
    if suite is None:
        return "No suite file lies with these results: defaults were used, and no claims are judged."
    return f"{rules_of(suite)} Fingerprint of rules and design: {results.plan.fingerprint}."


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
