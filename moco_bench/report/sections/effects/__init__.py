"""Effect of each ingredient, with its uncertainty."""

from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.effects.figures import effects_figure
from moco_bench.report.sections.effects.notes import effects_notes
from moco_bench.report.sections.effects.tables import (
    budgets_table,
    certainty_table,
    compute_effects_table,
    effects_table,
    further_effects_table,
)

SECTION = Section(
    "effects",
    "Effects and their certainty",
    notes=sentences(effects_notes),
    figures=(effects_figure,),
    tables=(effects_table, compute_effects_table, budgets_table),
    folded=(further_effects_table, certainty_table),
)
