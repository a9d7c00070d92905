"""The same, seed by seed."""

from moco_bench.report.section import Section
from moco_bench.report.sections.seeds.figures import pairs_figure
from moco_bench.report.sections.seeds.notes import pairing_notes
from moco_bench.report.sections.seeds.tables import differences_table

SECTION = Section("seeds", "Seed by seed", notes=pairing_notes, figures=(pairs_figure,), tables=(differences_table,))
