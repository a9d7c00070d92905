"""Time and memory of a training step by part, as profiled; a summary is on the first screen."""

from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.profile import figures, notes, tables

SECTION = Section(
    "profile",
    "Where time and memory go",
    notes=sentences(notes.machine_notes, "profile/samples.csv", "profile/profile.json"),
    figures=(figures.step_time_figure, figures.memory_figure, figures.timeline_figure),
    tables=(tables.profile_table, tables.work_table),
    folded=(tables.tensor_parts_table,),
)
