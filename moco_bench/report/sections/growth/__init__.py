"""How time and memory grow with the size of the problem."""

from moco_bench.report.section import Section
from moco_bench.report.sections.growth.figures import growth_figure
from moco_bench.report.sections.growth.tables import exponents_table, leak_table

SECTION = Section("growth", "How cost grows", figures=(growth_figure,), tables=(exponents_table, leak_table))
