"""Effects of the arms on negatives, gradient and embeddings."""

from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.mechanism.figures import (
    false_negative_figure,
    gradient_figure,
    mechanism_figure,
    similarity_figure,
    structure_figure,
)
from moco_bench.report.sections.mechanism.notes import mechanism_notes
from moco_bench.report.sections.mechanism.tables import mechanism_table

SECTION = Section(
    "mechanism",
    "Mechanism",
    notes=sentences(mechanism_notes, "runs.csv"),
    figures=(mechanism_figure, false_negative_figure, gradient_figure, similarity_figure, structure_figure),
    tables=(mechanism_table,),
)
