"""Effects of the arms on negatives, gradient and embeddings."""

from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.mechanism import figures, notes, tables

SECTION = Section(
    "mechanism",
    "Mechanism",
    notes=sentences(notes.mechanism_notes, "runs.csv"),
    figures=(
        figures.mechanism_figure, figures.false_negative_figure, figures.gradient_figure, figures.similarity_figure,
        figures.structure_figure,
    ),
    tables=(tables.mechanism_table,),
)  # fmt: skip
