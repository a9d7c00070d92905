"""What others have published."""

from moco_bench.report.section import Section
from moco_bench.report.sections.published.tables import published_table

SECTION = Section("published", "Published numbers", tables=(published_table,))
