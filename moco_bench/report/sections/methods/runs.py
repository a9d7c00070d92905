"""What was trained and evaluated, in sentences out of settings that were found in the runs' records."""

import math
from collections.abc import Iterable
from typing import Any

from moco_bench.analyse.text import number
from moco_bench.report.model.words import listed
from moco_bench.report.read.results import Results
from moco_bench.report.read.settings import ABSENT, Trained, changes, shared
from moco_bench.suite.config import EvaluateConfig

AUGMENTATIONS = {
    "flip": "horizontal flip",
    "jitter_probability": "colour jitter",
    "grayscale": "greyscale",
    "blur": "Gaussian blur",
    "solarize": "solarisation",
}
NEGATIVE = {"true": "never", "false": "allowed as"}
JITTER = ("brightness", "contrast", "saturation", "hue")


def training_said(results: Results, runs: list[Trained]) -> list[str]:
    """Encoder, recipe, contrast and augmentations that all arms share: the baseline's."""
    base = [run for run in runs if run.arm == results.plan.baseline] or runs

    def of(key: str) -> str:
        return shared(base, key)

    where = "as the runs\u2019 records say" if base[0].recorded else "as suite.yaml asks; no run has a record yet"
    seeds = ", ".join(str(seed) for seed in sorted(results.runs["seed"].unique()))
    return [
        f"Settings of {results.plan.baseline}, {where}. Encoder: {_encoders(base)}.",
        f"{of('train.epochs')} epochs of batches of {of('train.batch_size')}; {of('train.optimiser').upper()}, "
        f"learning rate {of('train.learning_rate')}, momentum {of('train.sgd_momentum')}, weight decay "
        f"{of('train.weight_decay')}, schedule {of('train.schedule')}, warm-up of the rate "
        f"{of('train.warmup_epochs')} epochs; precision as asked: {of('train.precision')}{_resolved(results)}; CPU "
        f"threads a run: {of('train.threads')}.",
        f"Queue of {of('contrast.queue_size')} keys, temperature {of('contrast.temperature')}, momentum of the key "
        f"encoder {of('contrast.momentum')}; an image\u2019s own earlier key is "
        f"{NEGATIVE.get(of('contrast.mask_same_sample'), of('contrast.mask_same_sample'))} its negative."
        f"{_ingredients(runs)}",
        f"Two views of each image: {_augmentations(base)}.",
        f"Seeds {seeds}; all arms of a seed share initialisation, batch order and augmentations.",
    ]


NOT_A_BACKBONES = ("name", "label", "head", "hidden", "dimension", "batch_norm_groups", "checkpoint")
"""Keys of an encoder that are no settings of its backbone."""


def _encoders(runs: list[Trained]) -> str:
    by_encoder: dict[str, list[Trained]] = {}
    for run in runs:
        by_encoder.setdefault(run.cell[1], []).append(run)
    said = []
    for title, own in by_encoder.items():
        name = shared(own, "encoder.name")
        keys = dict.fromkeys(key for run in own for key in run.values if key.startswith("encoder."))
        sizes = [key for key in keys if key.split(".")[1] not in NOT_A_BACKBONES]
        size = "".join(f", {key.removeprefix('encoder.')} {shared(own, key)}" for key in sizes)
        hidden = shared(own, "encoder.hidden")
        units = "" if hidden in ("null", ABSENT) else f" with {hidden} hidden units"
        groups = shared(own, "encoder.batch_norm_groups")
        split = "" if groups in ("1", ABSENT) else f", BatchNorm over {groups} parts of a batch, keys shuffled"
        label = "" if name == title else f" ({title})"
        said.append(
            f"{name}{label}{size}, {shared(own, 'encoder.head')} head of {shared(own, 'encoder.dimension')} dimensions"
            f"{units}{split}"
        )
    return "; ".join(said)


def _resolved(results: Results) -> str:
    """What `auto` came to."""
    done = results.finished
    found = [value for value in dict.fromkeys(done["precision"]) if value]
    devices = [value for value in dict.fromkeys(done["device"]) if value]
    return f" (came to {listed(found)} on {listed(devices)})" if found and devices else ""


def _ingredients(runs: list[Trained]) -> str:
    """The settings of loss and filter that matter to the arms that have them."""
    dual = [run for run in runs if run.values.get("contrast.dual_view") not in (None, "none", "symmetric")]
    filtered = [run for run in runs if run.values.get("contrast.negatives.rule") not in (None, "all")]
    said = ""
    summed = {run.values.get("contrast.combine") == "sum" for run in dual}
    if dual:
        form = "(1 \u2212 w) L_q + w L_k" if summed == {False} else "L_q + w L_k"
        form = "(1 \u2212 w) L_q + w L_k, or L_q + w L_k where `combine` is `sum`," if len(summed) > 1 else form
        said += f" The key term\u2019s weight w in {form} is {shared(dual, 'contrast.key_weight')}."
    if filtered:
        steps = shared(filtered, "contrast.filter_warmup_steps")
        if steps == "0":
            said += " Filters are in force from the first step."
        else:
            said += f" Filters begin after {steps} steps, in which every key of the queue is a negative."
    return said


def _augmentations(runs: list[Trained]) -> str:
    def of(key: str) -> str:
        return shared(runs, f"train.augment.{key}")

    if of("name") not in ("moco", ABSENT):
        keys = dict.fromkeys(key for run in runs for key in run.values if key.startswith("train.augment."))
        own = [key.rsplit(".", 1)[1] for key in keys if key != "train.augment.name"]
        return f"drawn by {of('name')}" + (f" ({', '.join(f'{key} {of(key)}' for key in own)})" if own else "")
    jitter = ", ".join(f"{name} {of(name)}" for name in JITTER)
    drawn = [f"{title} {of(name)}" for name, title in AUGMENTATIONS.items() if of(name) not in ("0", ABSENT)]
    return (
        f"a random crop of {of('crop_scale')} of the area with sides in a ratio of {of('crop_ratio')}, and with these "
        f"probabilities {', '.join(drawn)} (strengths of the jitter: {jitter})"
    )


def arms_said(results: Results, runs: list[Trained]) -> list[str]:
    """What each arm has otherwise than the baseline, a sentence an arm."""
    baseline, said = results.plan.baseline, []
    for arm in (arm for arm in results.arms if any(run.arm == arm for run in runs)):
        if arm == baseline:
            said.append(f"{arm} is the baseline.")
            continue
        found = changes(runs, arm, baseline)
        if any(run.arm == arm and run.elsewhere for run in runs):
            said.append(f"{arm} was not trained here: {listed(found.get('encoder.checkpoint.file', []))}.")
            continue
        words = ", ".join(f"{key} = {listed(values, 'or')}" for key, values in found.items())
        said.append(f"{arm}: {words or f'the same as {baseline}'}.")
    return [" ".join(said)]


def evaluation_said(results: Results, evaluate: EvaluateConfig) -> list[str]:
    """Features, probes and corruptions."""
    probe = evaluate.probe
    candidates = ", ".join(f"{value:g}" for value in probe.c_values)
    said = [
        "The last epoch\u2019s query encoder, frozen; never the best epoch on the test images. kNN: "
        f"{evaluate.knn_k} neighbours weighted by exp(similarity / {evaluate.knn_temperature:g}), bank of training "
        "images without augmentation.",
        f"Linear probe on standardised backbone features: softmax regression solved by L-BFGS; C (of {candidates}) is "
        f"chosen on {100 * probe.holdout:g} % of the training split, never on the images it is tested on.",
    ]
    if evaluate.corruptions:
        said.append(_corruptions(results, evaluate))
    return said


def _corruptions(results: Results, evaluate: EvaluateConfig) -> str:
    found = [
        metrics["corruptions"] for metrics in results.metrics.values() if isinstance(metrics.get("corruptions"), dict)
    ]
    kinds = list(dict.fromkeys(kind for each in found for kind in each)) or ["noise", "blur", "contrast", "occlusion"]
    used = {
        name: min(size, evaluate.corruption_images)
        for name, data in _data(results).items()
        if (size := _whole(data.get("evaluation_images")))
    }
    sizes = ", ".join(f"{number(size, 0)} of {name}" for name, size in used.items())
    images = f"{sizes}'s evaluation images" if sizes else f"at most {evaluate.corruption_images} evaluation images"
    return (
        f"kNN on corrupted images: {listed(kinds)}, three strengths each, mean over all; corrupted are {images}, "
        "balanced over the classes where that is not all of them; the bank stays clean."
    )


def images_said(results: Results) -> list[str]:
    """Sizes of the data, what one image is worth, and what intervals over seeds leave out."""
    said = []
    for name, data in _data(results).items():
        train, test = _whole(data.get("train_images")), _whole(data.get("evaluation_images"))
        if not train or not test:
            continue
        classes = data.get("classes")
        of_classes = f" of {len(classes)} classes" if isinstance(classes, list) else ""
        split = data.get("evaluated_on")
        said.append(
            f"{name}: {number(train, 0)} training images{of_classes}; evaluated on {number(test, 0)} images"
            f"{f' ({split} split)' if split else ''}, so one image is {_points(100 / test)} of accuracy"
            f"{_binomial(results, name, test)}."
        )
    if said:
        said.append("Intervals over seeds say how results vary when training is repeated, on the same test images.")
    return said


def _binomial(results: Results, dataset: str, images: int) -> str:
    """The standard error of one accuracy on so many images, at the level that the baseline reaches."""
    done = results.finished
    own = done[(done["dataset"] == dataset) & (done["arm"] == results.plan.baseline)]["knn_top1"].dropna()
    if own.empty:
        return ""
    part = float(own.mean()) / 100
    error = 100 * math.sqrt(part * (1 - part) / images)
    return (
        f"; the binomial standard error of a kNN accuracy of {number(100 * part, 1)} % on so many images is "
        f"{number(error, 2)} points"
    )


def _points(size: float) -> str:
    return f"{size:.3g} point{'s' * (size > 1)}"


def _data(results: Results) -> dict[str, dict[str, Any]]:
    """What manifests say about each data set, or the records of its runs where there is none."""
    found = {name: dict(data) for name, data in results.manifests.items()}
    for name, data in _recorded(results):
        found.setdefault(name, data)
    return {name: data for name, data in found.items() if name in set(results.runs["dataset"])}


def _recorded(results: Results) -> Iterable[tuple[str, dict[str, Any]]]:
    for record in results.records.values():
        if isinstance(record.get("data"), dict):
            yield str(record.get("dataset")), record["data"]


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
