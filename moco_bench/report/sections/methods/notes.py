"""The methods section, from the runs' own records and the suite's declared rules; its sentences are in methods.j2."""

import re
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined

from moco_bench.analyse.doses import describe_doses
from moco_bench.analyse.settings import NOT_RECORDED, Trained, changes, disagreements, shared, trained_runs
from moco_bench.analyse.text import number
from moco_bench.components.base import Component
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import declared_margins, listed
from moco_bench.report.read.histories import kept_masses, last_epochs
from moco_bench.report.read.results import Results, of_cell
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.runs import resolve_arm
from moco_bench.suite.suite import Suite

AUGMENTATIONS = {
    "flip": "horizontal flip",
    "jitter_probability": "colour jitter",
    "grayscale": "greyscale",
    "blur": "Gaussian blur",
    "solarize": "solarisation",
}
NOT_A_BACKBONES = ("name", "label", "head", "hidden", "dimension", "batch_norm_groups", "checkpoint")
"""Keys of an encoder that aren't settings of its backbone."""


def methods_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """Headed paragraphs: training and data, evaluation, analysis."""
    runs, plan = trained_runs(results.finished, results.records, results.plan.suite), results.plan
    jinja = Environment(trim_blocks=True, undefined=StrictUndefined)
    jinja.filters |= {"listed": listed, "count": lambda value: number(value, 0)}
    template = resources.files(__package__).joinpath("methods.j2").read_text(encoding="utf-8")
    stated = plan.suite.analysis.model_fields_set if plan.suite else set()
    text = jinja.from_string(template).render(
        _trained(results, runs),
        suite=plan.suite,
        evaluate=plan.suite.evaluate if plan.suite else None,
        ideas=_ideas(plan.suite) if plan.suite else [],
        corruptions=_corruptions(results),
        images=_images(results),
        doses=describe_doses(plan),
        config=plan.config,
        margin=declared_margins(plan.config, (plan.config.primary, *plan.config.metrics, *plan.config.costs)),
        stated=sorted(stated),
        defaults=sorted(set(AnalysisConfig.model_fields) - stated),
        fingerprint=plan.fingerprint,
    )
    record = next((f"{place}/run.json" for place in results.records), "suite.yaml")
    where = [record if runs and runs[0].recorded else "suite.yaml"]
    files = {"What was trained": where, "Arms": [*where, *_histories_of_filters(results)]}
    files["Images, and what an interval covers"] = [f"data/{name}.json" for name in results.manifests]
    notes: list[Note] = []
    for part in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        heading, *paragraphs = (" ".join(one.split()) for one in re.split(r"\n\s*\n", part))
        said = [re.sub(r" ([,;.:])", r"\1", one) for one in paragraphs if one]
        first, *others = links.notes(said, *files.get(heading, ("suite.yaml",)))
        notes += [first._replace(heading=heading), *others]
    return tuple(notes)


def _trained(results: Results, runs: list[Trained]) -> dict[str, Any]:
    """Values for the template's paragraphs on data and training."""
    baseline, done = results.plan.baseline, results.finished
    base = [run for run in runs if run.arm == baseline] or runs

    def of(key: str) -> str:
        return shared(base, key)

    dual = [run for run in runs if run.values.get("contrast.dual_view") not in (None, "none", "symmetric")]
    filtered = [run for run in runs if run.values.get("contrast.negatives.rule") not in (None, "all")]
    rates = {title: of(f"train.augment.{name}") for name, title in AUGMENTATIONS.items()}
    keys = dict.fromkeys(key for run in base for key in run.values if key.startswith("train.augment."))
    own = [f"{key.rsplit('.', 1)[1]} {of(key)}" for key in keys if key != "train.augment.name"]
    of_arm: dict[str, list[Trained]] = {}
    for run in runs:
        of_arm.setdefault(run.arm, []).append(run)
    first = of_arm.get(baseline, [])
    found = {arm: changes([*first, *of_arm[arm]], arm, baseline) for arm in results.arms if arm in of_arm}
    elsewhere = {run.arm for run in runs if run.elsewhere and run.arm != baseline}
    return {
        "runs": runs,
        "baseline": baseline,
        "of": of,
        "shared": shared,
        "absent": NOT_RECORDED,
        "encoders": {run.cell[1]: [other for other in base if other.cell[1] == run.cell[1]] for run in base},
        "backbone_keys": _backbone_keys,
        "precisions": [value for value in dict.fromkeys(done["precision"]) if value],
        "devices": [value for value in dict.fromkeys(done["device"]) if value],
        "dual": dual,
        "summed": sorted({run.values.get("contrast.combine") == "sum" for run in dual}),
        "filtered": filtered,
        "warmup": shared(filtered, "contrast.filter_warmup_steps"),
        "augmentation": of("train.augment.name"),
        "own_augmentation": own,
        "probabilities": [f"{title} {rate}" for title, rate in rates.items() if rate not in ("0", NOT_RECORDED)],
        "seeds": sorted(results.runs["seed"].unique()),
        "arms": found | {arm: listed(found[arm].get("encoder.checkpoint.file", [])) for arm in elsewhere},
        "masses": describe_kept_masses(results),
        "also": disagreements(runs, results.plan.suite),
    }


def describe_kept_masses(results: Results) -> list[str]:
    """How much each filter keeps of the negatives' softmax mass: one sentence per arm whose histories tell."""
    last, several = last_epochs(results.histories), len(results.cells) > 1
    found: dict[str, list[str]] = {}
    for dataset, encoder in results.cells:
        place = f" on {dataset} with {encoder}" if several else ""
        for arm, mass in kept_masses(of_cell(last, dataset, encoder)).items():
            found.setdefault(arm, []).append(f"{100 * mass:.0f} % of the negatives\u2019 softmax mass{place}")
    return [f"In the last epoch, {arm} keeps {listed(parts)}." for arm, parts in found.items()]


def _histories_of_filters(results: Results) -> list[str]:
    """The history of the first finished run of each arm that keeps a part of the softmax mass."""
    arms, done = kept_masses(last_epochs(results.histories)), results.finished.drop_duplicates("arm")
    return [f"{place}/history.csv" for arm, place in zip(done["arm"], done["directory"], strict=True) if arm in arms]


def _backbone_keys(runs: list[Trained]) -> list[str]:
    keys = dict.fromkeys(key for run in runs for key in run.values if key.startswith("encoder."))
    return [key for key in keys if key.split(".")[1] not in NOT_A_BACKBONES]


def _ideas(suite: Suite) -> list[tuple[str, type[Component]]]:
    """Each idea that an arm uses, with its class, which describes it and cites its source; plug-ins included."""
    arms = (resolve_arm(suite, encoder, arm) for encoder in suite.encoders for arm in suite.arms)
    ideas = (idea for _, contrast, train in arms for idea in (contrast.loss, contrast.negatives, train.augment))
    found = {(idea.kind, str(idea.title())): type(idea) for idea in ideas}
    return [(name, idea) for (_, name), idea in found.items() if name not in ("none", "all") and not idea.unnamed]


def _corruptions(results: Results) -> list[str]:
    found = (metrics.get("corruptions") for metrics in results.metrics.values())
    kinds = dict.fromkeys(kind for each in found if isinstance(each, dict) for kind in each)
    return list(kinds) or ["noise", "blur", "contrast", "occlusion"]


def _images(results: Results) -> list[dict[str, Any]]:
    """Sizes of each data set, and the baseline's kNN accuracy as a fraction of the images."""
    found, done = [], results.finished
    for name in dict.fromkeys(results.runs["dataset"]):
        data = results.data_of(name)
        train, test, classes = (data.get(key) for key in ("train_images", "evaluation_images", "classes"))
        if all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in (train, test)):
            right = done.loc[(done["dataset"] == name) & (done["arm"] == results.plan.baseline), "knn_top1"].mean()
            found.append({
                "name": name, "train": train, "test": test, "split": data.get("evaluated_on"),
                "classes": len(classes) if isinstance(classes, list) else 0,
                "reached": None if right != right else float(right) / 100,
            })  # fmt: skip
    return found
