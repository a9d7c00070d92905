"""Learning curves, and what an encoder holds for similar."""

from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from moco_bench.components.datasets.scenes import TEST_SEED, TRAIN_SEED, scenes
from moco_bench.report.model.page import Plot
from moco_bench.report.read.results import Results
from moco_bench.report.render.curves import curves
from moco_bench.report.render.figures import grid, themed
from moco_bench.report.render.names import wrapped
from moco_bench.report.render.style import INK

LEARNING = {
    "train_loss": "Training loss",
    "positive_similarity": "Similarity to the positive",
    "negative_similarity": "Similarity to negatives",
}


@themed
def knn_figure(results: Results) -> Plot | None:
    """KNN accuracy during training, where it was looked at."""
    return curves(
        results,
        {"knn_top1": "kNN accuracy, %"},
        "knn_by_epoch",
        "kNN accuracy by epoch",
        "Watched on a part of the images, never used to choose anything.",
    )


@themed
def learning_figure(results: Results) -> Plot | None:
    """Loss and mean similarities by epoch."""
    return curves(
        results,
        LEARNING,
        "learning",
        "Learning curves",
        "Means; thin: seeds. Losses of arms with different negatives are not comparable: chance is log(1 + negatives).",
    )


PLAIN, SCENES = "fashion-mnist-5k", "fashion-scenes-5k"
GAP = 3  # pixels between images


@themed
def neighbours_figure(results: Results) -> Plot | None:
    """The baseline's and the last arm's neighbours at the first seed, side by side; crosses mark another class."""
    shown = [(arm, found) for arm in _two_arms(results) if (found := _recorded(results, arm))]
    if not shown:
        return None
    rows = pd.DataFrame([row for arm, found in shown for row in _rows(arm, found)])
    count = len(shown[0][1]["queries"])
    figure, axes = grid(1, len(shown), row_height=0.4 + 0.4 * count)
    for panel, (arm, found) in zip(axes[0], shown, strict=True):
        _draw(panel, found)
        panel.set_title(wrapped(arm, 36))
    agree = rows.groupby("arm", sort=False)["same_class"].mean()
    said = ", ".join(f"{arm} {100 * part:.0f} %" for arm, part in agree.items())
    return Plot(
        "neighbours",
        "Nearest neighbours",
        "Left of the gap: test images. Right: the nearest training images by cosine similarity of backbone features, "
        "first seed. A cross marks a neighbour of another class.",
        f"Nearest training images of {count} test images; neighbours of the same class: {said}.",
        figure,
        rows,
    )


def _two_arms(results: Results) -> list[str]:
    others = [arm for arm in results.arms if arm != results.plan.baseline]
    preferred = "both" if "both" in others else others[-1] if others else ""
    return [arm for arm in (results.plan.baseline, preferred) if arm]


def _recorded(results: Results, arm: str) -> dict[str, Any] | None:
    """What the arm's first finished run on the shipped images recorded, if its indices are of the whole data set."""
    for run in results.finished.to_dict("records"):
        config = (results.records.get(run["directory"], {}).get("config") or {}).get("dataset") or {}
        whole = not any(config.get(key) for key in ("train_limit", "test_limit", "validation", "image_size"))
        if run["arm"] == arm and config.get("name") in (PLAIN, SCENES) and whole:
            found = results.metrics.get(run["directory"], {}).get("neighbours")
            return {**(found or {}), "dataset": config["name"]} if _usable(found, config["name"]) else None
    return None


def _usable(found: Any, dataset: str) -> bool:
    """Whether every index is an index, and every query has as many neighbours."""
    try:
        train, test = _images(dataset)
        neighbours = np.array(found["neighbours"], dtype=int)
        queries = np.array(found["queries"], dtype=int)
        labels = np.array(found["neighbour_labels"], dtype=int)
        return bool(
            neighbours.ndim == 2
            and neighbours.size > 0
            and labels.shape == neighbours.shape
            and queries.shape == (len(neighbours),) == np.array(found["query_labels"], dtype=int).shape
            and 0 <= neighbours.min() <= neighbours.max() < len(train)
            and 0 <= queries.min() <= queries.max() < len(test)
        )
    except (KeyError, TypeError, ValueError):
        return False


def _rows(arm: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"arm": arm, "query": query, "rank": rank + 1, "neighbour": index, "same_class": bool(label == own)}
        for query, own, indices, labels in zip(
            found["queries"], found["query_labels"], found["neighbours"], found["neighbour_labels"], strict=True
        )
        for rank, (index, label) in enumerate(zip(indices, labels, strict=True))
    ]


def _draw(panel: Axes, found: dict[str, Any]) -> None:
    train, test = _images(found["dataset"])
    side, columns = test.shape[-1], len(found["neighbours"][0])
    step, first = side + GAP, side + 4 * GAP
    height, width = len(found["queries"]) * step - GAP, first + columns * step - GAP
    mosaic = np.zeros((height, width, 4), dtype=np.uint8)  # red, green, blue, opacity: gaps stay see-through
    crosses: list[tuple[float, float]] = []
    for row, query in enumerate(found["queries"]):
        top = row * step
        mosaic[top : top + side, :side] = _opaque(test[query])
        for column, index in enumerate(found["neighbours"][row]):
            left = first + column * step
            mosaic[top : top + side, left : left + side] = _opaque(train[index])
            if found["neighbour_labels"][row][column] != found["query_labels"][row]:
                crosses.append((left + side - 5, top + 5))
    panel.imshow(mosaic, interpolation="nearest")
    for x, y in crosses:
        panel.plot(x, y, marker="X", color="#d55e00", markersize=5, markeredgecolor="white", markeredgewidth=0.5)
    panel.axvline(side + 2 * GAP, color=INK, linewidth=0.8)
    panel.set_axis_off()


def _opaque(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey on white, [H, W] -> [H, W, 4]; colours [3, H, W] as they are."""
    colours = image if image.ndim == 3 else np.stack([255 - image] * 3)
    return np.stack([*colours, np.full_like(colours[0], 255)], axis=-1)


@lru_cache(maxsize=2)
def _images(dataset: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Training and test images of a shipped data set, uint8 [N, H, W] or [N, 3, H, W]."""
    # The file and what makes scenes of it, and nothing else of `moco_bench.data`: most of that needs torch.
    path = resources.files("moco_bench") / "data" / f"{PLAIN}.npz"
    with path.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
        train, test = arrays["x_train"], arrays["x_test"]
    return (scenes(train, TRAIN_SEED), scenes(test, TEST_SEED)) if dataset == SCENES else (train, test)
