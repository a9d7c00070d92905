"""Combinations that can't work, found before anything starts.

Types and ranges of single keys are the schema's business (`config.py`); here are the rules between keys. What only the
images themselves can tell (sizes of a user's own data set) is checked again when they are loaded.
"""

from collections.abc import Iterator
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import canonical_json
from moco_bench.suite.config import (
    ContrastConfig,
    DatasetConfig,
    EncoderConfig,
    NegativesConfig,
    RuleAll,
    RuleBand,
    RuleDropHardest,
    RuleEasiest,
    RuleRandom,
    RuleThreshold,
    TrainConfig,
    _Ranked,
)
from moco_bench.suite.fingerprint import identity
from moco_bench.suite.runs import expand, resolve_arm
from moco_bench.suite.suite import Suite

KNOWN_SIZES = {
    "fashion-mnist-5k": (5_000, 1_000),
    "fashion-mnist": (60_000, 10_000),
    "cifar10": (50_000, 10_000),
    "cifar100": (50_000, 10_000),
    "digits": (1_438, 359),
}
"""Training and test images of the data sets whose size is known before they are loaded."""

KNOWN_CLASSES = {"cifar100": 100}
"""Of these data sets; the others have ten."""

MOST_RUNS = 100_000
"""More would take years to run and gigabytes to list."""

COMPACT_ONLY = ("width", "depth", "stem")


def check_suite(suite: Suite) -> None:
    """Refuse a suite that can't run or can't mean what it says. Raises `InputError`, one line."""
    _check_size(suite)
    _check_names(suite)
    for dataset in suite.datasets:
        _check_dataset(dataset)
    for encoder in suite.encoders:
        _check_encoder(encoder)
    _check_arms(suite)
    _check_budgets(suite)
    for run in {(r.dataset, r.encoder, r.arm): r for r in expand(suite)}.values():
        where = f"arms.{run.arm}"
        size = training_images(run.dataset)
        _check_contrast(run.contrast, run.train, run.encoder, where)
        _check_train(run.train, size, where)
        if size is not None:
            _check_warmup(run.contrast, run.train, size, where)
            if suite.evaluate.knn_k > size:
                raise InputError(
                    f"evaluate.knn_k: {suite.evaluate.knn_k} neighbours, but {run.dataset.title} has {size} "
                    f"training images; at most {size}"
                )
    _check_that_arms_differ(suite)


def warnings(suite: Suite) -> list[str]:
    """What can run but may not mean what its author thinks, a line each."""
    return list(dict.fromkeys(_warn(suite)))


def training_images(dataset: DatasetConfig) -> int | None:
    """How many images an epoch draws from, or None where only the data can tell."""
    known = KNOWN_SIZES.get(dataset.name)
    if known is None:
        return None
    size = known[0] - round(known[0] * dataset.validation)
    return min(size, dataset.train_limit or size)


def effective(contrast: ContrastConfig) -> dict[str, Any]:
    """What the loss does, in one spelling: equal for settings that train the same encoder.

    Fingerprints tell more apart (`identity`): there another spelling is another request, and costs no more than a run.
    """
    values = identity(contrast)
    selected = _selected(contrast.negatives, contrast.queue_size, masked=contrast.mask_same_sample)
    values["negatives"] = selected
    if selected == ("all",):
        values.pop("filter_warmup_steps", None)
    if values.get("key_weight") == 0:  # the key term is multiplied by it, in every reading that has one
        values["dual_view"] = "none"
        del values["key_weight"]
    return values


def _selected(rule: NegativesConfig, queue_size: int, *, masked: bool) -> tuple[Any, ...]:
    """The ranks that a rule keeps: `moco_bench.contrast.negatives` in figures, as this layer is below it."""
    if isinstance(rule, RuleAll):
        return ("all",)
    if isinstance(rule, RuleThreshold):
        if rule.similarity == -1 or rule.minimum >= queue_size:  # nothing is less similar
            return ("all",)
        if rule.similarity < 1:
            return ("above", rule.similarity, rule.minimum)
        return ("hardest", 0, rule.minimum)
    if isinstance(rule, RuleBand):
        first = min(round(rule.inner * queue_size), queue_size - 1)
        return _ranks("hardest", first, max(first + 1, round(rule.outer * queue_size)), queue_size)
    count = _count_of(rule, queue_size)
    if isinstance(rule, RuleDropHardest):
        return _ranks("hardest", count, queue_size, queue_size)
    if isinstance(rule, RuleEasiest):
        if not masked:  # with a mask, an image's own keys rank last from either end
            return _ranks("hardest", queue_size - count, queue_size, queue_size)
        return _ranks("easiest", 0, count, queue_size)
    return _ranks("random" if isinstance(rule, RuleRandom) else "hardest", 0, count, queue_size)


def _ranks(order: str, first: int, last: int, queue_size: int) -> tuple[Any, ...]:
    return ("all",) if first <= 0 and last >= queue_size else (order, first, min(last, queue_size))


def _count_of(rule: _Ranked, queue_size: int) -> int:
    return rule.count if rule.count is not None else max(1, round((rule.fraction or 0) * queue_size))


def _warn(suite: Suite) -> Iterator[str]:
    for run in expand(suite):
        if run.contrast.dual_view == "symmetric":
            yield (
                f"arm {run.arm}: `symmetric` encodes twice as many images a step, so at equal epochs it has about "
                "twice the compute of the other arms"
            )
        size = training_images(run.dataset)
        if size is not None and run.contrast.queue_size > size:
            yield (
                f"data set {run.dataset.title}: a queue of {run.contrast.queue_size} keys is longer than an epoch of "
                f"{size} images, so its oldest keys are stale"
            )
    if len(suite.seeds) < 6:
        yield (
            f"seeds: {len(suite.seeds)}; the exact sign-flip test can't reach p < 0.05 below 6 seeds "
            f"(smallest here: {2 / 2 ** len(suite.seeds):.3g})"
        )


def _check_size(suite: Suite) -> None:
    seeds = len(suite.seeds) + len(suite.repeat_seeds)
    seeds += len(suite.seeds) * (len(suite.budgets) - 1)
    count = len(suite.datasets) * len(suite.encoders) * len(suite.arms) * seeds
    if count > MOST_RUNS:
        raise InputError(
            f"{count:,} runs: {len(suite.datasets)} data sets x {len(suite.encoders)} encoders x "
            f"{len(suite.arms)} arms x {seeds} seeds; a suite has at most {MOST_RUNS:,}"
        )


def _check_names(suite: Suite) -> None:
    for what, names in (
        ("datasets", [d.title for d in suite.datasets]),
        ("encoders", [e.title for e in suite.encoders]),
        ("arms", list(suite.arms)),
    ):
        folded = [name.casefold() for name in names]
        for index, name in enumerate(folded):
            if name in folded[:index]:
                raise InputError(
                    f"{what}: the name {names[index]!r} stands twice (upper and lower case count as one); "
                    "give one a `label`"
                )
    if len(set(suite.seeds)) < len(suite.seeds):
        raise InputError("seeds: each seed may stand once; to run one again list it under `repeat_seeds`")
    for seed in suite.repeat_seeds:
        if seed not in suite.seeds:
            raise InputError(f"repeat_seeds: {seed} is not one of the suite's seeds")
    if len(set(suite.repeat_seeds)) < len(suite.repeat_seeds):
        raise InputError("repeat_seeds: each seed may stand once")


def _check_dataset(dataset: DatasetConfig) -> None:
    where = f"datasets.{dataset.title}"
    own = dataset.name in ("npz", "image-folder")
    if own and dataset.path is None:
        raise InputError(f"{where}: `{dataset.name}` needs a `path`")
    if not own and dataset.path is not None:
        raise InputError(f"{where}: `path` belongs to `npz` and `image-folder`; {dataset.name} takes `root`")
    if dataset.name == "image-folder" and dataset.image_size is None:
        raise InputError(f"{where}: `image-folder` needs an `image_size`, such as 64")
    _check_limits(dataset, where)
    torchvision = dataset.name in ("cifar10", "cifar100", "fashion-mnist")
    if not torchvision and (dataset.root is not None or dataset.download):
        raise InputError(f"{where}: `root` and `download` belong to cifar10, cifar100 and fashion-mnist")


def _check_limits(dataset: DatasetConfig, where: str) -> None:
    """What a data set of known size can't give; of others the same is found when they are loaded."""
    if dataset.name not in KNOWN_SIZES:
        return
    classes = KNOWN_CLASSES.get(dataset.name, 10)
    train, test = KNOWN_SIZES[dataset.name]
    held = round(train * dataset.validation)
    if dataset.validation > 0 and held == 0:
        raise InputError(
            f"{where}.validation: {dataset.validation:g} of {train} images is none; give at least {1 / train:.1g}"
        )
    for key, limit, size in (
        ("train_limit", dataset.train_limit, train - held),
        ("test_limit", dataset.test_limit, held or test),
    ):
        if limit is not None and not classes <= limit <= size:
            raise InputError(
                f"{where}.{key}: {limit} images asked for, but there are {size} images of {classes} classes; "
                f"give {classes} to {size} or leave it out"
            )


def _check_encoder(encoder: EncoderConfig) -> None:
    idle = [key for key in COMPACT_ONLY if key in encoder.model_fields_set]
    if encoder.name != "resnet-compact" and idle:
        raise InputError(f"encoders.{encoder.title}: `{idle[0]}` has no effect here; it belongs to resnet-compact")
    if encoder.head == "linear" and encoder.hidden is not None:
        raise InputError(f"encoders.{encoder.title}: `hidden` has no effect with a linear head; use `head: mlp`")


def _check_arms(suite: Suite) -> None:
    if suite.baseline not in suite.arms:
        if "baseline" in suite.model_fields_set:
            raise InputError(f"baseline: {suite.baseline!r} is not an arm; arms are {', '.join(suite.arms)}")
        if len(suite.arms) > 1:
            raise InputError(
                f"baseline: no arm is called 'vanilla'; say which of {', '.join(suite.arms)} is the baseline"
            )
    for name, (treatment, control) in suite.contrasts.items():
        for arm in (treatment, control):
            if arm not in suite.arms:
                raise InputError(f"contrasts.{name}: {arm!r} is not an arm; arms are {', '.join(suite.arms)}")
        if treatment == control:
            raise InputError(f"contrasts.{name}: compares {treatment!r} with itself")


def _check_that_arms_differ(suite: Suite) -> None:
    """Every cell of encoders and arms must train something else: else a comparison is of a run with itself."""
    several = len(suite.encoders) > 1
    trained = {
        (encoder.title, arm): _trained(*resolve_arm(suite, encoder, arm))
        for encoder in suite.encoders
        for arm in suite.arms
    }
    for encoder in suite.encoders:
        unchanged = _trained(encoder, suite.contrast, suite.train)
        here = f" with encoder {encoder.title}" if several else ""
        for arm in suite.arms:
            if arm != suite.baseline and len(suite.arms) > 1 and trained[encoder.title, arm] == unchanged:
                raise InputError(
                    f"arms.{arm}: changes nothing{here}; "
                    f"only the baseline, {suite.baseline!r}, may be the suite as it is"
                )
    first: dict[str, tuple[str, str]] = {}
    for (title, arm), sections in trained.items():
        other, twin = first.setdefault(sections, (title, arm))
        if (other, twin) == (title, arm):
            continue
        if twin == arm:
            raise InputError(f"encoders.{title}: with arm {arm} the same network as {other}; each must be another")
        here, there = (f" with encoder {title}", f" with encoder {other}") if several else ("", "")
        raise InputError(f"arms.{arm}: the same run{here} as arm {twin!r}{there}; to measure noise use `repeat_seeds`")


def _trained(encoder: EncoderConfig, contrast: ContrastConfig, train: TrainConfig) -> str:
    sections = {"encoder": identity(encoder), "contrast": effective(contrast), "train": identity(train)}
    jitter = sections["train"]["augment"]
    strengths = ("brightness", "contrast", "saturation", "hue")
    if jitter["jitter_probability"] == 0 or not any(jitter[name] for name in strengths):
        sections["train"]["augment"] = {
            name: value for name, value in jitter.items() if name not in ("jitter_probability", *strengths)
        }
    return canonical_json(sections)


def _check_budgets(suite: Suite) -> None:
    if len(set(suite.budgets)) < len(suite.budgets):
        raise InputError("budgets: each may stand once")
    if "epochs" not in suite.budgets:
        raise InputError("budgets: `epochs` is always one of them; equal seconds or operations are measured against it")
    if len(suite.budgets) > 1 and len(suite.arms) < 2:
        raise InputError("budgets: one arm has nobody to be equal to; leave `budgets` out")


def _check_contrast(contrast: ContrastConfig, train: TrainConfig, encoder: EncoderConfig, where: str) -> None:
    both = contrast.dual_view == "symmetric" and contrast.enqueue == "both-views"
    step = train.batch_size * (2 if both else 1)
    if contrast.queue_size % step:
        nearest = max(1, round(contrast.queue_size / step)) * step
        raise InputError(
            f"{where}.contrast.queue_size: {contrast.queue_size} is not a multiple of the {step} keys that enter in a "
            f"step; {nearest} would be"
        )
    if train.batch_size % encoder.batch_norm_groups:
        raise InputError(
            f"{where}.train.batch_size: {train.batch_size} does not divide into "
            f"{encoder.batch_norm_groups} BatchNorm groups"
        )
    if train.batch_size // encoder.batch_norm_groups < 2:
        raise InputError(f"{where}.encoder.batch_norm_groups: fewer than 2 images a group have no variance")
    rule = contrast.negatives
    count = rule.count if isinstance(rule, _Ranked) else rule.minimum if isinstance(rule, RuleThreshold) else None
    if count is not None and count > contrast.queue_size:
        raise InputError(
            f"{where}.contrast.negatives: {count} keys, but the queue has {contrast.queue_size}; at most that many"
        )
    if isinstance(rule, RuleDropHardest) and _count_of(rule, contrast.queue_size) >= contrast.queue_size:
        raise InputError(
            f"{where}.contrast.negatives: drop-hardest drops all {contrast.queue_size} keys of the queue and leaves no "
            f"negative; at most {contrast.queue_size - 1} can be dropped"
        )
    if isinstance(rule, RuleBand) and rule.inner >= rule.outer:
        raise InputError(f"{where}.contrast.negatives: `inner` {rule.inner} must be below `outer` {rule.outer}")


def _check_train(train: TrainConfig, size: int | None, where: str) -> None:
    if size is not None and train.batch_size > size:
        raise InputError(f"{where}.train.batch_size: {train.batch_size} is more than the {size} training images")
    if train.warmup_epochs >= train.epochs:
        raise InputError(f"{where}.train.warmup_epochs: {train.warmup_epochs} leaves nothing of {train.epochs} epochs")
    low, high = train.augment.crop_scale
    if low > high:
        raise InputError(f"{where}.train.augment.crop_scale: {low} is above {high}; give [smallest, largest]")
    low, high = train.augment.crop_ratio
    if low > high:
        raise InputError(f"{where}.train.augment.crop_ratio: {low} is above {high}; give [smallest, largest]")


def _check_warmup(contrast: ContrastConfig, train: TrainConfig, size: int, where: str) -> None:
    steps = size // train.batch_size * train.epochs
    if not isinstance(contrast.negatives, RuleAll) and contrast.filter_warmup_steps >= steps:
        raise InputError(
            f"{where}.contrast.filter_warmup_steps: {contrast.filter_warmup_steps} of {steps} steps: "
            "the rule would never act"
        )
