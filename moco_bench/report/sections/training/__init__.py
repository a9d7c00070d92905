"""What happened during training."""

from moco_bench.report.section import Section
from moco_bench.report.sections.training.figures import knn_figure, learning_figure, neighbours_figure
from moco_bench.report.sections.training.tables import tuning_table

SECTION = Section(
    "training", "Training", figures=(knn_figure, learning_figure, neighbours_figure), folded=(tuning_table,)
)
