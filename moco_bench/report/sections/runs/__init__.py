"""The machines; every run stands on a page of its own, `runs.html`."""

from moco_bench.report.section import Section
from moco_bench.report.sections.runs.tables import machines_table, runs_notes

SECTION = Section("runs", "Runs and machines", notes=runs_notes, tables=(machines_table,))
