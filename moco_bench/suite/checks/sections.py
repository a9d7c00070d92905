"""Checks between the keys of one section, or of an arm's resolved settings. Each raises `InputError`, one line."""

from moco_bench.components.negatives import All
from moco_bench.errors import InputError
from moco_bench.suite.config import ContrastConfig, DatasetConfig, EncoderConfig, TrainConfig


def check_dataset(dataset: DatasetConfig) -> None:
    """Refuse images without a size, and limits that can't be met."""
    where = f"datasets.{dataset.title}"
    if dataset.source.of_files and dataset.image_size is None and dataset.source.side is None:
        raise InputError(f"{where}: `{dataset.name}` needs an `image_size`, such as 64")
    known = dataset.source.sizes
    if known is None:  # limits are checked when the images are loaded
        return
    classes, (train, test) = dataset.source.class_count or 2, known
    labelled = dataset.source.labelled or train
    held = round(labelled * dataset.validation)
    if dataset.validation > 0 and held == 0:
        raise InputError(
            f"{where}.validation: {dataset.validation:g} of {labelled} images rounds to 0; give at least "
            f"{1 / labelled:.1g}"
        )
    for key, limit, size in (
        ("train_limit", dataset.train_limit, train - held if dataset.source.labelled is None else train),
        ("test_limit", dataset.test_limit, held or test),
    ):
        if limit is not None and not classes <= limit <= size:
            raise InputError(
                f"{where}.{key}: {limit} images asked for, but there are {size} images of {classes} classes; "
                f"give {classes} to {size} or leave it out"
            )


def check_devices(train: TrainConfig, encoder: EncoderConfig, where: str) -> None:
    """Refuse devices that can't share a batch and its BatchNorm groups equally."""
    if train.devices == 1:
        return
    if train.batch_size % train.devices or train.batch_size < 2 * train.devices:
        raise InputError(
            f"{where}.train.devices: {train.devices} do not divide batch_size {train.batch_size} into equal parts "
            "of at least 2 images"
        )
    groups = encoder.batch_norm_groups
    if groups > 1 and groups % train.devices:
        raise InputError(
            f"{where}.train.devices: the {groups} batch_norm_groups can't be shared by {train.devices} devices; "
            f"{train.devices} groups would be one each, 1 group is the whole batch"
        )
    if train.device.startswith("cuda:"):
        raise InputError(f"{where}.train.device: {train.device} is one device; with `devices` give cuda, cpu or auto")


def check_contrast(contrast: ContrastConfig, train: TrainConfig, encoder: EncoderConfig, where: str) -> None:
    """Refuse a queue that batches don't fill evenly, wrong BatchNorm groups, and rules that leave no negative."""
    step = train.batch_size * contrast.keys_per_image
    if contrast.queue_size % step:
        nearest = max(1, round(contrast.queue_size / step)) * step
        raise InputError(
            f"{where}.contrast.queue_size: {contrast.queue_size} is not a multiple of the {step} keys that enter in a "
            f"step; {nearest} would be"
        )
    check_devices(train, encoder, where)
    if train.batch_size % encoder.batch_norm_groups:
        raise InputError(
            f"{where}.train.batch_size: {train.batch_size} does not divide into "
            f"{encoder.batch_norm_groups} BatchNorm groups"
        )
    if train.batch_size // encoder.batch_norm_groups < 2:
        raise InputError(f"{where}.encoder.batch_norm_groups: BatchNorm needs at least 2 images per group")
    try:
        contrast.negatives.check(contrast.queue_size)
    except ValueError as error:
        raise InputError(f"{where}.contrast.negatives: {error}") from None


def check_train(train: TrainConfig, size: int | None, where: str) -> None:
    """Refuse batches of more than `size` training images (None: not known yet), and contradictory schedules."""
    if size is not None and train.batch_size > size:
        raise InputError(f"{where}.train.batch_size: {train.batch_size} is more than the {size} training images")
    if train.warmup_epochs >= train.epochs:
        raise InputError(f"{where}.train.warmup_epochs: {train.warmup_epochs} leaves nothing of {train.epochs} epochs")
    if train.trained_epochs > train.epochs:
        raise InputError(
            f"{where}.train.stop_after_epochs: {train.trained_epochs} of {train.epochs} epochs; at most all"
        )
    try:
        train.augment.check()
    except ValueError as error:
        raise InputError(f"{where}.train.augment.{error}") from None


def check_warmup(contrast: ContrastConfig, train: TrainConfig, size: int, where: str) -> None:
    """Refuse a rule whose warm-up outlasts the run."""
    steps = size // train.batch_size * train.trained_epochs
    if not isinstance(contrast.negatives, All) and contrast.filter_warmup_steps >= steps:
        raise InputError(
            f"{where}.contrast.filter_warmup_steps: {contrast.filter_warmup_steps} of {steps} steps: "
            "the rule would never act"
        )
