"""The report as a list of sections, before it becomes HTML or Markdown."""

from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote

from moco_bench.report.drawing import Builder, Drawing, Drawn, begin_drawing
from moco_bench.report.equal_compute import compute_notes, compute_of
from moco_bench.report.figures.accuracy import accuracy_figure, pairs_figure
from moco_bench.report.figures.cost import cost_figure
from moco_bench.report.figures.curves import false_negative_figure, gradient_figure, learning_figure
from moco_bench.report.figures.effects import effects_figure
from moco_bench.report.figures.mechanism import mechanism_figure
from moco_bench.report.figures.neighbours import neighbours_figure
from moco_bench.report.figures.robustness import corruption_figure
from moco_bench.report.figures.similarities import similarity_figure
from moco_bench.report.floors import floor_notes
from moco_bench.report.links import Links, Note
from moco_bench.report.mechanism_notes import mechanism_notes
from moco_bench.report.methods import Part, methods_of
from moco_bench.report.notes import first_screen_cost, pairing_note, probe_notes, run_cost_notes
from moco_bench.report.profile_page import PROFILE_SECTIONS
from moco_bench.report.registration import claims_notes
from moco_bench.report.results import Results
from moco_bench.report.summary import Summary, summarise
from moco_bench.report.tables.accuracy import accuracy_table, differences_table, runs_table
from moco_bench.report.tables.budgets import budgets_table
from moco_bench.report.tables.claims import claims_table
from moco_bench.report.tables.context import machines_table, published_table
from moco_bench.report.tables.cost import cost_table
from moco_bench.report.tables.effects import (
    certainty_table,
    compute_effects_table,
    effects_table,
    other_effects_table,
)
from moco_bench.report.tables.mechanism import mechanism_table
from moco_bench.report.tables.model import Source, Table
from moco_bench.report.tables.trust import holes_table, noise_table, pairing_table
from moco_bench.report.words import margin_words

Item = Table | Drawing
FIGURES: tuple[Builder, ...] = (
    accuracy_figure,
    effects_figure,
    cost_figure,
    pairs_figure,
    learning_figure,
    neighbours_figure,
    corruption_figure,
    mechanism_figure,
    false_negative_figure,
    gradient_figure,
    similarity_figure,
    *(build for part in PROFILE_SECTIONS for build in part.figures),
)
"""All that a page may have; `_sections` says where each stands."""


@dataclass(frozen=True)
class Section:
    """A heading, sentences, and tables and figures in their order."""

    id: str
    title: str
    notes: tuple[Note, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Page:
    """All that a report says. `source`: where the numbers of the first screen's answers come from."""

    name: str
    description: str
    summary: Summary
    source: Source | None
    warning: str
    cost: tuple[Note, ...]
    floors: tuple[Note, ...]
    sections: tuple[Section, ...]
    methods: tuple[Part, ...]
    suite_text: str
    repeat: tuple[str, ...]
    fingerprint: str

    @property
    def tables(self) -> tuple[Table, ...]:
        """Of all sections."""
        return tuple(item for section in self.sections for item in section.items if isinstance(item, Table))

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """Of all sections."""
        return tuple(item for section in self.sections for item in section.items if isinstance(item, Drawing))


def build_page(results: Results, links: Links) -> Page:
    """Compute every table, figure and sentence; what has no data is left out, holes are named."""
    suite = results.plan.suite
    with begin_drawing(FIGURES, results) as drawn:
        return Page(
            name=results.name,
            description=(suite.description or "") if suite else "",
            summary=summarise(results),
            source=links.source(results.written.effects),
            warning=results.written.warning,
            cost=first_screen_cost(results, links),
            floors=_floors(results, links),
            methods=methods_of(results, links),
            suite_text=results.suite_text,
            repeat=_repeat(results),
            fingerprint=results.plan.fingerprint,
            sections=tuple(part for part in _sections(results, links, drawn) if part.items or part.notes),
        )


def _floors(results: Results, links: Links) -> tuple[Note, ...]:
    said = zip(floor_notes(results), results.cells, strict=True)
    return tuple(links.note(text, "runs.csv", f"floors/{dataset}.json") for text, (dataset, _) in said)


def _sections(results: Results, links: Links, drawn: Drawn) -> list[Section]:
    def tables(*builders: Callable[[Results, Links], Table | None]) -> tuple[Table, ...]:
        made = [build(results, links) for build in builders]
        return tuple(table for table in made if table is not None and table.rows)

    def figures(*builders: Builder) -> tuple[Drawing, ...]:
        return tuple(figure for figure in map(drawn, builders) if figure is not None)

    damaged = (Note(f"Files that could not be read: {', '.join(results.damaged)}."),) if results.damaged else ()
    return [
        Section("holes", "Holes", damaged, tables(holes_table)),
        Section(
            "accuracy",
            "Accuracy",
            probe_notes(results, links),
            (*figures(accuracy_figure), *tables(accuracy_table)),
        ),
        Section(
            "effects",
            "Effects and their certainty",
            (_decided_note(results), *_compute_notes(results, links)),
            (
                *figures(effects_figure),
                *tables(effects_table, compute_effects_table, budgets_table, certainty_table, other_effects_table),
            ),
        ),
        Section("claims", "The paper\u2019s claims", claims_notes(results, links), tables(claims_table)),
        Section(
            "cost",
            "Cost",
            links.notes(run_cost_notes(results), "runs.csv"),
            (*figures(cost_figure), *tables(cost_table)),
        ),
        *(
            Section(part.id, part.title, part.said(results, links), (*figures(*part.figures), *tables(*part.tables)))
            for part in PROFILE_SECTIONS
        ),
        Section(
            "seeds",
            "Seed by seed",
            (links.note(pairing_note(results), "runs.csv"),),
            (*figures(pairs_figure), *tables(differences_table)),
        ),
        Section("training", "Training", (), figures(learning_figure, neighbours_figure)),
        Section("robustness", "Robustness", (), figures(corruption_figure)),
        Section(
            "mechanism",
            "Mechanism",
            links.notes(mechanism_notes(results), "runs.csv"),
            (
                *figures(mechanism_figure, false_negative_figure, gradient_figure, similarity_figure),
                *tables(mechanism_table),
            ),
        ),
        Section("trust", "Trust", _noise_note(results), tables(pairing_table, noise_table)),
        Section("published", "Published numbers", (), tables(published_table)),
        Section("runs", "Runs and machines", (), tables(machines_table, runs_table)),
    ]


def _decided_note(results: Results) -> Note:
    primary = results.primary
    return Note(
        "An effect counts as decided where its interval and the exact test, corrected for multiplicity, agree; as no "
        f"difference where it is shown to be within {margin_words(results.plan.config, [primary.name])}. Primary "
        f"metric, declared beforehand: {primary.title}."
    )


def _compute_notes(results: Results, links: Links) -> tuple[Note, ...]:
    compute = compute_of(results)
    return links.notes(compute_notes(results, compute), compute.file)


def _noise_note(results: Results) -> tuple[Note, ...]:
    if (results.runs["replicate"] > 1).any():
        return ()
    return (Note("No seed ran twice in this suite, so the noise floor of a single seed is not measured here."),)


def _repeat(results: Results) -> tuple[str, ...]:
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
