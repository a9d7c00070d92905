"""Learning curves."""

from moco_bench.report.model.figure import Plot
from moco_bench.report.read.results import Results
from moco_bench.report.render.curves import curves

LEARNING = {
    "train_loss": "Training loss",
    "positive_similarity": "Similarity to the positive",
    "negative_similarity": "Similarity to negatives",
}


def learning_figure(results: Results) -> Plot | None:
    """Loss and mean similarities by epoch."""
    return curves(
        results,
        LEARNING,
        "learning",
        "Learning curves",
        "Mean over seeds, thin lines single seeds. Losses of arms with different negatives are not comparable: chance "
        "level is log(1 + number of negatives).",
    )
