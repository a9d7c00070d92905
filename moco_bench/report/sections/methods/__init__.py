"""Methods of training, evaluation and analysis."""

from moco_bench.report.section import Section
from moco_bench.report.sections.methods.notes import methods_notes

SECTION = Section("methods", "Methods", notes=methods_notes)
