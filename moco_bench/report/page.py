"""Builds the report's page: all sections in reading order, and what surrounds them."""

from importlib import import_module
from shlex import quote

from moco_bench.report.model.links import Links
from moco_bench.report.model.page import Page
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import draw
from moco_bench.report.section import Section
from moco_bench.report.sections.accuracy import accuracy_figure
from moco_bench.report.sections.first_screen.figures import interaction_figure
from moco_bench.report.sections.first_screen.notes import first_screen_cost
from moco_bench.report.sections.first_screen.summary import summarise
from moco_bench.report.sections.runs import runs_table

SECTIONS: tuple[Section, ...] = tuple(
    import_module(f"moco_bench.report.sections.{name}").SECTION
    for name in (
        "holes", "accuracy", "effects", "claims", "cost", "profile", "memory_claim", "growth", "seeds", "training",
        "robustness", "mechanism", "trust", "published", "runs", "methods",
    )
)  # fmt: skip
"""The sections below the first screen, in reading order."""


def build_page(results: Results, links: Links) -> Page:
    """Compute every table, figure and sentence; parts without data are left out, missing runs are named."""
    suite = results.plan.suite
    parts = (section.build(results, links) for section in SECTIONS)
    return Page(
        name=results.name,
        description=(suite.description or "") if suite else "",
        summary=summarise(results, links),
        source=links.source(results.written.effects),
        warning=results.written.warning,
        figures=(*draw(interaction_figure, results), *draw(accuracy_figure, results)),
        cost=first_screen_cost(results, links),
        sections=tuple(part for part in parts if part.items or part.notes or part.folded),
        runs=runs_table(results, links),
        suite=links.source("suite.yaml"),
        repeat=_repeat(results),
        fingerprint=results.plan.fingerprint,
    )


def _repeat(results: Results) -> tuple[str, ...]:
    """The commands that reproduce these results and this page."""
    folder = results.directory.resolve().name
    place = quote(f"results/{folder}")
    if results.plan.suite is None:
        return (f"moco-bench analyse {place}", f"moco-bench report {place}")
    suite = quote(f"results/{folder}/suite.yaml")
    width = len(f"snakemake --cores all --configfile {suite}")
    return (
        f"snakemake --cores all --configfile {suite}   # everything, from images to this page",
        f"{f'moco-bench plan {suite}':<{width}}   # what would run, and why",
        f"{f'moco-bench report {place}':<{width}}   # this page alone, in seconds",
    )
