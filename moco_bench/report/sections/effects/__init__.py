"""Effect of each ingredient, with its uncertainty."""

from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.effects import figures, notes, tables

SECTION = Section(
    "effects",
    "Effects and their certainty",
    notes=sentences(notes.effects_notes),
    figures=(figures.effects_figure,),
    tables=(tables.effects_table, tables.compute_effects_table, tables.budgets_table),
    folded=(tables.further_effects_table, tables.certainty_table),
)
