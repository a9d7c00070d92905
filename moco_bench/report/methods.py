"""The methods section, written from the suite's own configuration."""

from typing import Any

import yaml

from moco_bench.analyse.signflip import seeds_needed
from moco_bench.report.results import Results
from moco_bench.suite.analysis import AnalysisConfig
from moco_bench.suite.suite import Suite

READING = (
    "The paper that this suite follows (arXiv 2501.16360) is known to us by its abstract. Every formula here is our "
    "reading of it: the dual-view loss's form and weight, the filter's rule and size, and the recipe around them."
)
WHY_T = (
    "It is exact for normal differences and the narrower of the two with few seeds. With skewed differences it covers "
    "less than it says and the bootstrap covers more; both were measured (documentation, page on statistics)."
)
WHY_BOOTSTRAP = (
    "It keeps closer to its level than the t interval where differences are skewed, and is wider with few seeds; both "
    "were measured (documentation, page on statistics)."
)


def methods_of(results: Results) -> list[tuple[str, list[str]]]:
    """Headed paragraphs: what was trained, how it was judged."""
    sections: list[tuple[str, list[str]]] = []
    suite = results.plan.suite
    if suite is not None:
        sections += [("What was trained", _training(suite)), ("Arms", _arms(suite))]
        sections += [("How it was evaluated", _evaluation(suite))]
    return [*sections, ("How it was judged", [*_statistics(results.plan.config), _registered(results)])]


def _training(suite: Suite) -> list[str]:
    train, contrast = suite.train, suite.contrast
    data = ", ".join(
        f"{dataset.title} ({100 * dataset.validation:g} % of its training split held out and evaluated on)"
        if dataset.validation
        else dataset.title
        for dataset in suite.datasets
    )
    encoders = ", ".join(f"{e.title} ({e.head} head, {e.dimension} dimensions)" for e in suite.encoders)
    return [
        READING,
        f"Data: {data}. Encoders: {encoders}.",
        f"{train.epochs} epochs of batches of {train.batch_size}; {train.optimiser.upper()}, learning rate "
        f"{train.learning_rate:g}, weight decay {train.weight_decay:g}, schedule {train.schedule}; precision as asked: "
        f"{train.precision}; {train.threads} CPU thread{'s' * (train.threads != 1)} a run.",
        f"Queue of {contrast.queue_size:,} keys, temperature {contrast.temperature:g}, momentum "
        f"{contrast.momentum:g}; an image's own earlier key is "
        f"{'never' if contrast.mask_same_sample else 'allowed as'} its negative.",
        f"Seeds {', '.join(map(str, suite.seeds))}; all arms of a seed share initialisation, batch order and "
        "augmentations.",
    ]


def _arms(suite: Suite) -> list[str]:
    lines = []
    for name, arm in suite.arms.items():
        changes = {section: changed for section, changed in arm.model_dump().items() if changed}
        baseline = " (the baseline)" if name == suite.baseline else ""
        lines.append(f"{name}{baseline}: {_flat(changes) or 'changes nothing'}.")
    return lines


def _flat(changes: Any, prefix: str = "") -> str:
    """Nested changes as `section.key = value`, separated by commas."""
    if isinstance(changes, dict):
        return ", ".join(_flat(value, f"{prefix}.{key}" if prefix else str(key)) for key, value in changes.items())
    plain = list(changes) if isinstance(changes, tuple) else changes
    return f"{prefix} = {yaml.safe_dump(plain, default_flow_style=True).splitlines()[0]}"


def _evaluation(suite: Suite) -> list[str]:
    evaluate, probe = suite.evaluate, suite.evaluate.probe
    return [
        f"The last epoch's query encoder, frozen, in evaluation mode. kNN: {evaluate.knn_k} neighbours weighted by "
        f"exp(similarity / {evaluate.knn_temperature:g}), bank of training images without augmentation.",
        f"Linear probe on backbone features, {probe.epochs} epochs; its learning rate and weight decay are chosen on "
        f"{100 * probe.holdout:g} % of the training split, never on the images it is tested on.",
        "Last epoch, never the best epoch on the test images.",
    ]


def _statistics(config: AnalysisConfig) -> list[str]:
    level = 1 - config.confidence
    shown, other = config.interval.replace("-", " "), "t"
    if config.interval == "t":
        other = "studentised bootstrap"
    extent = "data set and encoder" if config.holm == "data-set" else "suite, all its data sets and encoders together"
    return [
        "Effects are computed seed by seed and averaged: dual view = ((dual + both) - (vanilla + filter)) / 2, "
        "filtering = ((filter + both) - (vanilla + dual)) / 2, interaction = both - dual - filter + vanilla.",
        f"The interval shown is the {100 * config.confidence:g} % {shown} interval; beside it stands the {other} "
        f"interval. {WHY_T if config.interval == 't' else WHY_BOOTSTRAP}",
        "p-values are two-sided and exact: all sign flips of the seeds' differences up to 16 seeds, a seeded sample "
        f"above. Holm's correction covers a family: one metric's factorial effects on one {extent}; arms against the "
        "baseline, and the suite's own contrasts, are families of their own.",
        "An effect is called higher or lower where the interval leaves out zero and the corrected exact p is at most "
        f"{level:.2g}; \u201cno difference\u201d where two one-sided tests, by t and by sign flips, put it within "
        f"{config.margin_points:g} point{'s' * (config.margin_points != 1)} (accuracies) or {config.margin_percent:g} "
        "% of the control (all else); it \u201cleans\u201d where only the t side says so. Anything else is not "
        f"decided. {seeds_needed(level, 3)} seeds are the fewest that can confirm one of three effects.",
    ]


def _registered(results: Results) -> str:
    if results.plan.suite is None:
        return "No suite file lies with these results: defaults were used, and no claims are judged."
    return (
        f"These rules are part of the suite file. Fingerprint of the analysis: {results.plan.fingerprint}. "
        "A rule that is changed changes it."
    )
