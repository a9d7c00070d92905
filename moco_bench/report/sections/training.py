"""The course of training: curves, nearest neighbours, and the settings that a search chose."""

from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from moco_bench.analyse.text import number
from moco_bench.components.datasets.scenes import TEST_SEED, TRAIN_SEED, scenes
from moco_bench.report.model.links import Links
from moco_bench.report.model.page import Plot
from moco_bench.report.model.table import ARM, KEY, Cell, Column, Row, Table, cell
from moco_bench.report.model.words import listed
from moco_bench.report.read.results import Results
from moco_bench.report.read.searches import FILE, candidates_of, settings_of
from moco_bench.report.render.curves import curves
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import wrapped
from moco_bench.report.render.style import INK
from moco_bench.report.section import Section
from moco_bench.suite.metrics import METRICS

LEARNING = {
    "train_loss": "Training loss",
    "positive_similarity": "Similarity to the positive",
    "negative_similarity": "Similarity to negatives",
}


@plot("knn_by_epoch", "kNN accuracy by epoch")
def knn_figure(results: Results) -> Plot | None:
    """Accuracy of kNN during training, where it was measured."""
    caption = "Watched on a part of the images, never used to choose anything."
    return curves(results, {"knn_top1": "kNN accuracy, %"}, caption)


@plot("learning", "Learning curves")
def learning_figure(results: Results) -> Plot | None:
    """Loss and mean similarities by epoch."""
    caption = (
        "Means; thin: seeds. Losses of arms with different negatives are not comparable: chance is log(1 + negatives)."
    )
    return curves(results, LEARNING, caption)


PLAIN, SCENES = "fashion-mnist-5k", "fashion-scenes-5k"
GAP = 3  # pixels between images


class RecordedNeighbours(NamedTuple):
    """Neighbours that a run recorded for a shipped data set: test images [Q], labels; indices and labels [Q, N]."""

    dataset: str
    queries: NDArray[np.int_]
    query_labels: NDArray[np.int_]
    neighbours: NDArray[np.int_]
    neighbour_labels: NDArray[np.int_]

    @property
    def same(self) -> NDArray[np.bool_]:
        """Which neighbours have the query's class."""
        return np.asarray(self.neighbour_labels == self.query_labels[:, None])


@plot("neighbours", "Nearest neighbours")
def neighbours_figure(results: Results) -> Plot | None:
    """The baseline's and the last arm's neighbours at the first seed, side by side; crosses mark another class."""
    others = [arm for arm in results.arms if arm != results.plan.baseline]
    arms = [results.plan.baseline, *(["both"] if "both" in others else others[-1:])]
    shown = {arm: found for arm in arms if (found := _recorded(results, arm))}
    if not shown:
        return None
    count = len(next(iter(shown.values())).queries)
    figure, axes = grid(1, len(shown), row_height=0.4 + 0.4 * count)
    for panel, (arm, found) in zip(axes[0], shown.items(), strict=True):
        _draw(panel, found)
        panel.set_title(wrapped(arm, 36))
    said = ", ".join(f"{arm} {100 * found.same.mean():.0f} %" for arm, found in shown.items())
    return Plot(
        "Left of the gap: test images. Right: the nearest training images by cosine similarity of backbone features, "
        "first seed. A cross marks a neighbour of another class.",
        f"Nearest training images of {count} test images; neighbours of the same class: {said}.",
        figure,
        pd.concat([_rows(arm, found) for arm, found in shown.items()], ignore_index=True),
    )


def _recorded(results: Results, arm: str) -> RecordedNeighbours | None:
    """Neighbours in the arm's first finished run on shipped images, if its indices are of the whole data set."""
    for run in results.finished[results.finished["arm"] == arm].to_dict("records"):
        config = (results.records.get(run["directory"], {}).get("config") or {}).get("dataset") or {}
        whole = not any(config.get(key) for key in ("train_limit", "test_limit", "validation", "image_size"))
        if config.get("name") in (PLAIN, SCENES) and whole:
            try:
                said = results.metrics[run["directory"]]["neighbours"]
                found = RecordedNeighbours(
                    config["name"], *(np.array(said[name], dtype=int) for name in RecordedNeighbours._fields[1:])
                )
                train, test = (len(images) for images in _images(found.dataset))
                sound = (
                    found.neighbours.size and found.same.shape == found.neighbours.shape == found.neighbour_labels.shape
                )
                inside = 0 <= found.neighbours.min() <= found.neighbours.max() < train
                return found if sound and inside and 0 <= found.queries.min() <= found.queries.max() < test else None
            except (KeyError, TypeError, ValueError, IndexError):
                return None
    return None


def _rows(arm: str, found: RecordedNeighbours) -> pd.DataFrame:
    query, rank = np.indices(found.neighbours.shape)
    columns = {"query": found.queries[query], "rank": rank + 1, "neighbour": found.neighbours, "same_class": found.same}
    return pd.DataFrame({"arm": arm, **{name: values.ravel() for name, values in columns.items()}})


def _draw(panel: Axes, found: RecordedNeighbours) -> None:
    train, test = _images(found.dataset)
    side = test.shape[-1]
    rows = [
        np.hstack([_tile(test[query], 4 * GAP), *(_tile(train[index], GAP) for index in near)])
        for query, near in zip(found.queries, found.neighbours, strict=True)
    ]
    panel.imshow(np.vstack(rows)[:-GAP, :-GAP], interpolation="nearest")
    for row, column in np.argwhere(~found.same):
        x, y = side + 4 * GAP + column * (side + GAP) + side - 5, row * (side + GAP) + 5
        panel.plot(x, y, marker="X", color="#d55e00", markersize=5, markeredgecolor="white", markeredgewidth=0.5)
    panel.axvline(side + 2 * GAP, color=INK, linewidth=0.8)
    panel.set_axis_off()


def _tile(image: NDArray[np.uint8], gap: int) -> NDArray[np.uint8]:
    """Grey [H, W] on white, or colours [3, H, W], as [H + GAP, W + gap, 4] with a transparent gap."""
    colours = image if image.ndim == 3 else np.stack([255 - image] * 3)
    opaque = np.stack([*colours, np.full_like(colours[0], 255)], axis=-1)
    return np.pad(opaque, ((0, GAP), (0, gap), (0, 0)))


@lru_cache(maxsize=2)
def _images(dataset: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Training and test images of a shipped data set, uint8 [N, H, W] or [N, 3, H, W]."""
    # The file and what makes scenes of it, and nothing else of `moco_bench.data`: most of that needs torch.
    path = resources.files("moco_bench") / "data" / f"{PLAIN}.npz"
    with path.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
        train, test = arrays["x_train"], arrays["x_test"]
    return (scenes(train, TRAIN_SEED), scenes(test, TEST_SEED)) if dataset == SCENES else (train, test)


def tuning_table(results: Results, links: Links) -> Table | None:
    """One row per arm and candidate with its score; None if nothing was tuned or the file is unusable."""
    found = candidates_of(results)
    if found is None:
        return None
    settings = settings_of(found)
    metric = METRICS.get(str(found["metric"].iloc[0]))
    columns = (
        ARM,
        *KEY[:2],
        *(Column.text(name, name) for name in settings),
        Column.number("score", f"{metric.title}, {metric.unit}" if metric else "Score", of=_score),
        Column.text("chosen", "Setting", lambda row: cell("chosen", tone="good") if row["chosen"] else "passed over"),
    )
    caption = "Each arm\u2019s own settings, chosen on images held out of training; the runs above use what was chosen."
    if edges := _at_an_edge(found, settings):
        caption += f" At an edge of what was tried, so a better value may lie beyond: {edges}."
    return Table.of("tuning", "Settings tried for each arm", caption, columns, found, source=links.source(FILE))


def _at_an_edge(found: pd.DataFrame, settings: list[str]) -> str:
    """Settings that an arm's search chose at an end of its values: `train.learning_rate 0.004 in dual and both`."""
    arms: dict[str, list[str]] = {}
    for (_, _, arm), tried in found.groupby(["dataset", "encoder", "arm"], sort=False):
        for name in settings:
            values = pd.to_numeric(tried[name], errors="coerce")
            chosen = values[tried["chosen"]].dropna()
            if values.nunique() > 1 and len(chosen) and chosen.iloc[0] in (values.min(), values.max()):
                arms.setdefault(f"{name} {chosen.iloc[0]:g}", []).append(str(arm))
    return "; ".join(f"{value} in {listed(dict.fromkeys(names))}" for value, names in arms.items())


def _score(row: Row) -> Cell:
    value = pd.to_numeric(row["score"], errors="coerce")
    return cell(number(float(value), 2), float(value)) if pd.notna(value) else Cell("failed")


SECTION = Section(
    "training", "Training", figures=(knn_figure, learning_figure, neighbours_figure), folded=(tuning_table,)
)
