"""The machines; every run stands on a page of its own, `runs.html`."""

from moco_bench.report.section import Section
from moco_bench.report.sections.runs.notes import runs_notes
from moco_bench.report.sections.runs.tables import machines_table

SECTION = Section("runs", "Runs and machines", notes=runs_notes, tables=(machines_table,))
