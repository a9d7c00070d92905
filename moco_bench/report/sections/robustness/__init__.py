"""Accuracy on corrupted images."""

from moco_bench.report.section import Section
from moco_bench.report.sections.robustness.figures import corruption_figure

SECTION = Section("robustness", "Robustness", figures=(corruption_figure,))
