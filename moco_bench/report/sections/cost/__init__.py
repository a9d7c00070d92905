"""What the runs themselves say about cost, in a table."""

from moco_bench.report.section import Section
from moco_bench.report.sections.cost.tables import cost_table

SECTION = Section("cost", "Cost of the runs", tables=(cost_table,))
