"""Runs without a result, and files that can't be used."""

from moco_bench.report.section import Section
from moco_bench.report.sections.holes.tables import damaged_notes, holes_table

SECTION = Section("holes", "Holes", notes=damaged_notes, tables=(holes_table,))
