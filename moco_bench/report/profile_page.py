"""What the report shows of a profile, section by section; what was not measured is left out."""

from collections.abc import Callable
from typing import NamedTuple

from moco_bench.report.drawing import Builder
from moco_bench.report.figures.pareto import pareto_figure
from moco_bench.report.figures.profiled_growth import growth_figure
from moco_bench.report.figures.profiled_memory import memory_figure
from moco_bench.report.figures.profiled_step import step_time_figure
from moco_bench.report.figures.profiled_timeline import timeline_figure
from moco_bench.report.links import Links, Note
from moco_bench.report.profile_notes import (
    explained_notes,
    machine_notes,
    memory_claim_notes,
    profile_notes,
    tensor_notes,
)
from moco_bench.report.profiled import FOLDER
from moco_bench.report.results import Results
from moco_bench.report.tables.benchmarks import benchmarks_table
from moco_bench.report.tables.memory_claim import memory_claim_table
from moco_bench.report.tables.model import Table
from moco_bench.report.tables.profiled import profile_table
from moco_bench.report.tables.profiled_memory import explained_table, tensor_parts_table
from moco_bench.report.tables.profiled_more import capacity_table, exponents_table, leak_table, work_table


class ProfileSection(NamedTuple):
    """A heading, and what makes its sentences, tables and figures; the sentences' numbers come from `files`."""

    id: str
    title: str
    notes: Callable[[Results], list[str]]
    files: tuple[str, ...]
    tables: tuple[Callable[[Results, Links], Table | None], ...]
    figures: tuple[Builder, ...]

    def said(self, results: Results, links: Links) -> tuple[Note, ...]:
        """Its sentences, with the files that their numbers come from."""
        return links.notes(self.notes(results), *(f"{FOLDER}/{name}" for name in self.files))


def _no_notes(results: Results) -> list[str]:
    del results
    return []


PROFILE_SECTIONS = (
    ProfileSection(
        "profile",
        "Where time and memory go",
        lambda results: [
            *profile_notes(results),
            *tensor_notes(results),
            *explained_notes(results),
            *machine_notes(results),
        ],
        ("time.csv", "memory.csv", "samples.csv", "profile.json"),
        (profile_table, work_table, tensor_parts_table, explained_table),
        (step_time_figure, memory_figure, timeline_figure),
    ),
    ProfileSection(
        "memory-claim",
        "Is memory lower?",
        memory_claim_notes,
        ("memory.csv", "queues.csv"),
        (memory_claim_table, capacity_table),
        (pareto_figure,),
    ),
    ProfileSection("growth", "How cost grows", _no_notes, (), (exponents_table, leak_table), (growth_figure,)),
    ProfileSection("benchmarks", "Benchmarks of the parts", _no_notes, (), (benchmarks_table,), ()),
)
