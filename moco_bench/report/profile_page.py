"""What the report shows of a profile, in its order; everything is left out that was not measured."""

from moco_bench.report.figures.profiled_memory import memory_figure
from moco_bench.report.figures.profiled_step import step_time_figure
from moco_bench.report.tables.profiled import profile_table

PROFILE_TABLES = (profile_table,)
PROFILE_FIGURES = (step_time_figure, memory_figure)
