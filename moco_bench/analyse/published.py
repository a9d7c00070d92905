"""Numbers published by others, each with its protocol: data with citations, not results of this package."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pandas as pd

from moco_bench.analyse.settings import flat
from moco_bench.components.augmentations import MocoRecipe

COMPARED_SETTINGS = (
    "encoder", "epochs", "batch", "queue", "temperature", "momentum", "head", "metric", "features", "selection",
)  # fmt: skip


def published() -> pd.DataFrame:
    """The table that ships with the package; `source` and `cite` say where a number comes from."""
    with resources.files("moco_bench.analyse").joinpath("published.csv").open(encoding="utf-8") as handle:
        return pd.read_csv(handle, dtype=str, keep_default_na=False)


TOLERANCE_POINTS = 1.0
"""Our mean agrees with a published number, mostly a single run's, within this difference."""
METHODS = {"moco asymmetric": "none", "moco symmetric": "symmetric"}
MEASURED_AS = {
    ("knn", "projection-128"): "knn_top1_projection",
    ("knn", "backbone-512"): "knn_top1",
    ("linear probe", "backbone-512"): "linear_top1",
}
SETTINGS = {
    "dataset": "dataset.name", "encoder": "encoder.name", "head": "encoder.head", "epochs": "train.epochs",
    "batch": "train.batch_size", "queue": "contrast.queue_size", "temperature": "contrast.temperature",
    "momentum": "contrast.momentum",
}  # fmt: skip
"""The setting that a column of the table tells."""
RECIPES: dict[str, dict[str, Any]] = {
    "MoCo CIFAR demo": {
        "dataset.normalise.mean": [0.4914, 0.4822, 0.4465],
        "dataset.normalise.std": [0.2023, 0.1994, 0.2010],
        "encoder.batch_norm_groups": 8,
        "contrast.mask_same_sample": False,
        "train.optimiser": "sgd",
        "train.learning_rate": 0.06,
        "train.weight_decay": 5e-4,
        "train.sgd_momentum": 0.9,
        "train.schedule": "cosine-epoch",
        "train.warmup_epochs": 0,
        "train.precision": "float32",
        **{
            f"train.augment.{key}": value
            for key, value in MocoRecipe().model_dump(mode="json").items()
            if key != "name"
        },
    }
}
"""Settings of a source, where known, that the table has no column for: other settings are no reproduction."""
KNN = {"evaluate.knn_k": 200, "evaluate.knn_temperature": 0.1}
"""Settings of kNN in all sources."""
COMBINE = {"MoCo CIFAR demo": "sum"}
"""How a source combines the two terms of its symmetric loss; others take their mean."""
DEFAULTS = {"contrast.loss_scale": 1.0, "contrast.combine": "mean"}
PARTIAL = (
    "dataset.validation", "dataset.train_limit", "dataset.test_limit", "dataset.image_size", "train.stop_after_epochs",
)  # fmt: skip
"""Settings without which training is whole, on the whole data set, and tested on the test images."""


@dataclass(frozen=True)
class Agreement:
    """Our result under a published number's protocol, in percent, and whether it is within `TOLERANCE_POINTS`."""

    ours: float
    runs: int
    passed: bool


def agreement(row: Mapping[Any, Any], runs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Agreement | None:
    """Whether our runs reproduce a row of `published`; None where no run of ours has that row's protocol.

    The protocol is that of the table's columns and of `RECIPES`, and whole training on the whole data set, tested on
    the test images. `runs` are the `config` of each finished run's run.json with the suite's `evaluate`, and its
    metrics.json.
    """
    metric = MEASURED_AS.get((row["metric"], row["features"]))
    values = [
        float(metrics[metric])
        for config, metrics in runs
        if metric is not None and metrics.get(metric) is not None and _same_protocol(row, config)
    ]
    if not values:
        return None
    ours = math.fsum(values) / len(values)
    return Agreement(ours, len(values), abs(ours - float(row["top1"])) <= TOLERANCE_POINTS)


def _same_protocol(row: Mapping[Any, Any], config: Mapping[str, Any]) -> bool:
    ours = DEFAULTS | flat(config)
    own_objective = config.get("contrast", {}).get("objective") is not None
    if row["selection"] != "last" or own_objective or any(ours.get(key) for key in PARTIAL):
        return False
    asked = {setting: row[column] for column, setting in SETTINGS.items()}
    asked |= {"contrast.dual_view": METHODS.get(row["method"]), "contrast.negatives.rule": "all"}
    asked |= {"contrast.loss_scale": 1.0, **RECIPES.get(row["source"], {}), **(KNN if row["metric"] == "knn" else {})}
    if row["method"] == "moco symmetric":
        asked["contrast.combine"] = COMBINE.get(row["source"], "mean")
    if row["features"].startswith("projection"):
        asked["encoder.dimension"] = row["features"].partition("-")[2]
    return all(_equal(value, ours.get(key)) for key, value in asked.items())


def _equal(published: Any, ours: Any) -> bool:
    """Whether a published setting equals one of ours; numbers by value."""
    try:
        return float(published) == float(ours)
    except (TypeError, ValueError):  # tuples become lists where settings are read from JSON
        return ours is not None and str(published) == str(list(ours) if isinstance(ours, tuple) else ours)
