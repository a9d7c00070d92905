"""What happened during training."""

from moco_bench.report.section import Section
from moco_bench.report.sections.training.figures import learning_figure
from moco_bench.report.sections.training.neighbours import neighbours_figure

SECTION = Section(
    "training",
    "Training",
    figures=(
        learning_figure,
        neighbours_figure,
    ),
)
