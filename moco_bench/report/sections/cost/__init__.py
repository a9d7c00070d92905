"""What the runs themselves say about cost."""

from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.cost.notes import run_cost_notes
from moco_bench.report.sections.cost.tables import cost_table

SECTION = Section(
    "cost",
    "Cost",
    notes=sentences(run_cost_notes, "runs.csv"),
    tables=(cost_table,),
)
