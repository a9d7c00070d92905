"""Learning curves."""

from moco_bench.report.model.figure import Plot
from moco_bench.report.read.results import Results
from moco_bench.report.render.curves import curves

LEARNING = {
    "train_loss": "Training loss",
    "positive_similarity": "Similarity to the positive",
    "negative_similarity": "Similarity to negatives",
}


def knn_figure(results: Results) -> Plot | None:
    """KNN accuracy during training, where it was looked at."""
    return curves(
        results,
        {"knn_top1": "kNN accuracy, %"},
        "knn_by_epoch",
        "kNN accuracy by epoch",
        "Watched on a part of the images, never used to choose anything.",
    )


def learning_figure(results: Results) -> Plot | None:
    """Loss and mean similarities by epoch."""
    return curves(
        results,
        LEARNING,
        "learning",
        "Learning curves",
        "Means; thin: seeds. Losses of arms with different negatives are not comparable: chance is log(1 + negatives).",
    )
