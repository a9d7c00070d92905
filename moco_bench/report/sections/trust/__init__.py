"""Why the numbers may be believed."""

from moco_bench.report.section import Section
from moco_bench.report.sections.trust.machines import machine_effects_table, pooled_table
from moco_bench.report.sections.trust.tables import noise_notes, noise_table, pairing_table

SECTION = Section(
    "trust",
    "Reproducibility checks",
    notes=noise_notes,
    tables=(pairing_table, noise_table, pooled_table, machine_effects_table),
)
