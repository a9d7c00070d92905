"""Whether memory is lower, as the paper claims."""

from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.memory_claim.figures import pareto_figure
from moco_bench.report.sections.memory_claim.notes import memory_claim_notes
from moco_bench.report.sections.memory_claim.tables import capacity_table, memory_claim_table

SECTION = Section(
    "memory-claim",
    "Is memory lower?",
    notes=sentences(memory_claim_notes, "profile/memory.csv", "profile/queues.csv"),
    figures=(pareto_figure,),
    tables=(memory_claim_table, capacity_table),
)
