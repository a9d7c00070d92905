"""Benchmarks of the package's parts."""

from moco_bench.report.section import Section
from moco_bench.report.sections.benchmarks.tables import benchmarks_table

SECTION = Section("benchmarks", "Benchmarks of the parts", tables=(benchmarks_table,))
