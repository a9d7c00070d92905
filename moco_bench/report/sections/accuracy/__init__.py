"""How good the representations are, as numbers; the figure stands on the first screen."""

from moco_bench.report.section import Section
from moco_bench.report.sections.accuracy.notes import probe_notes
from moco_bench.report.sections.accuracy.tables import accuracy_table, classes_table

SECTION = Section("accuracy", "Accuracy", notes=probe_notes, tables=(accuracy_table,), folded=(classes_table,))
