"""Where time and memory of a training step go, as the profile measured it."""

from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.profile.figures import memory_figure, step_time_figure
from moco_bench.report.sections.profile.memory_tables import explained_table, tensor_parts_table
from moco_bench.report.sections.profile.notes import all_profile_notes
from moco_bench.report.sections.profile.tables import profile_table
from moco_bench.report.sections.profile.timeline import timeline_figure
from moco_bench.report.sections.profile.work import work_table

SECTION = Section(
    "profile",
    "Where time and memory go",
    notes=sentences(
        all_profile_notes, *(f"profile/{name}" for name in ("time.csv", "memory.csv", "samples.csv", "profile.json"))
    ),
    figures=(
        step_time_figure,
        memory_figure,
        timeline_figure,
    ),
    tables=(
        profile_table,
        work_table,
    ),
    folded=(tensor_parts_table, explained_table),
)
