"""Every run, and the machines."""

from moco_bench.report.section import Section
from moco_bench.report.sections.runs.tables import machines_table, runs_table

SECTION = Section(
    "runs",
    "Runs and machines",
    tables=(
        machines_table,
        runs_table,
    ),
)
