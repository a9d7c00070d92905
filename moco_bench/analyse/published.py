"""Numbers published by others, each with its protocol: data with citations, not results of this package."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pandas as pd

COMPARED_SETTINGS = (
    "encoder",
    "epochs",
    "batch",
    "queue",
    "temperature",
    "momentum",
    "head",
    "metric",
    "features",
    "selection",
)


def published() -> pd.DataFrame:
    """The table that ships with the package; `source` and `cite` say where a number comes from."""
    with resources.files("moco_bench.analyse").joinpath("published.csv").open(encoding="utf-8") as handle:
        return pd.read_csv(handle, dtype=str, keep_default_na=False)


TOLERANCE_POINTS = 1.0
"""Our mean agrees with a published number, mostly a single run's, within this difference."""
METHODS = {"none": "moco asymmetric", "symmetric": "moco symmetric"}
MEASURED_AS = {
    ("knn", "projection-128"): "knn_top1_projection",
    ("knn", "backbone-512"): "knn_top1",
    ("linear probe", "backbone-512"): "linear_top1",
}
RECIPES: dict[str, dict[str, Any]] = {
    "MoCo CIFAR demo": {
        "dataset.normalise": {"mean": [0.4914, 0.4822, 0.4465], "std": [0.2023, 0.1994, 0.2010]},
        "encoder.batch_norm_groups": 8,
        "contrast.mask_same_sample": False,
        "train.optimiser": "sgd",
        "train.learning_rate": 0.06,
        "train.weight_decay": 5e-4,
        "train.sgd_momentum": 0.9,
        "train.schedule": "cosine-epoch",
        "train.warmup_epochs": 0,
        "train.precision": "float32",
    }
}
"""Settings of a source, where known, that the table has no column for: other settings are no reproduction."""
COMBINE = {"MoCo CIFAR demo": "sum"}
"""How a source combines the two terms of its symmetric loss; others take their mean."""


@dataclass(frozen=True)
class Agreement:
    """A published number and our result under the same protocol.

    Attributes:
        ours: mean accuracy in percent.
        runs: how many of ours there are.
        passed: whether the two are within `TOLERANCE_POINTS`.
    """

    ours: float
    runs: int
    passed: bool


def agreement(row: Mapping[Any, Any], runs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Agreement | None:
    """Whether our runs reproduce a row of `published`; None where no run of ours has that row's protocol.

    The protocol is that of the table's columns and of `RECIPES`, and whole training on the whole data set, tested on
    the test images.

    Args:
        row: of the table.
        runs: of each finished run the `config` of its run.json, and its metrics.json.
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
    dataset, encoder, contrast, train = (config.get(name, {}) for name in ("dataset", "encoder", "contrast", "train"))
    if row["selection"] != "last" or contrast.get("negatives") != {"rule": "all"}:
        return False
    if dataset.get("validation") or any(dataset.get(key) for key in ("train_limit", "test_limit", "image_size")):
        return False
    if train.get("stop_after_epochs") is not None or contrast.get("objective") is not None:
        return False
    if contrast.get("loss_scale", 1.0) != 1.0:
        return False
    combine = COMBINE.get(row["source"], "mean")
    if contrast.get("dual_view") == "symmetric" and contrast.get("combine", "mean") != combine:
        return False
    recipe = RECIPES.get(row["source"], {})
    if any(_setting(config, key) != value for key, value in recipe.items()):
        return False
    ours = {
        "dataset": dataset.get("name"),
        "method": METHODS.get(str(contrast.get("dual_view"))),
        "encoder": encoder.get("name"),
        "epochs": train.get("epochs"),
        "batch": train.get("batch_size"),
        "queue": contrast.get("queue_size"),
        "temperature": contrast.get("temperature"),
        "momentum": contrast.get("momentum"),
        "head": encoder.get("head"),
    }
    width = str(row["features"]).partition("-")[2] if str(row["features"]).startswith("projection") else None
    return all(_equal(row[key], value) for key, value in ours.items()) and width in (
        None,
        str(encoder.get("dimension")),
    )


def _setting(config: Mapping[str, Any], key: str) -> Any:
    section, name = key.split(".")
    found = config.get(section)
    value = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(value, Mapping):  # tuples here, lists where it was read from JSON
        return {key: list(each) if isinstance(each, tuple) else each for key, each in value.items()}
    return value


def _equal(published: Any, ours: Any) -> bool:
    """Whether a cell of the table equals one of our settings; numbers by value."""
    try:
        return float(published) == float(ours)
    except (TypeError, ValueError):
        return ours is not None and str(published) == str(ours)
