"""The claims of the paper's abstract, and what this suite says of each."""

from moco_bench.report.section import Section
from moco_bench.report.sections.claims.notes import claims_notes
from moco_bench.report.sections.claims.tables import claims_table

SECTION = Section("claims", "The paper\u2019s claims", notes=claims_notes, tables=(claims_table,))
