"""Time and memory of a training step by part, as profiled; a summary is on the first screen."""

from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.profile.figures import memory_figure, step_time_figure, timeline_figure
from moco_bench.report.sections.profile.notes import machine_notes
from moco_bench.report.sections.profile.tables import profile_table, tensor_parts_table, work_table

SECTION = Section(
    "profile",
    "Where time and memory go",
    notes=sentences(machine_notes, "profile/samples.csv", "profile/profile.json"),
    figures=(step_time_figure, memory_figure, timeline_figure),
    tables=(profile_table, work_table),
    folded=(tensor_parts_table,),
)
