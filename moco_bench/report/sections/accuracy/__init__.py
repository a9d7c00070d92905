"""How good the representations are."""

from moco_bench.report.section import Section
from moco_bench.report.sections.accuracy.figures import accuracy_figure
from moco_bench.report.sections.accuracy.notes import probe_notes
from moco_bench.report.sections.accuracy.tables import accuracy_table

SECTION = Section(
    "accuracy",
    "Accuracy",
    notes=probe_notes,
    figures=(accuracy_figure,),
    tables=(accuracy_table,),
)
