"""The report as a list of sections, before it becomes HTML or Markdown."""

from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote

from moco_bench.analyse.metrics import METRICS
from moco_bench.report.figures.accuracy import accuracy_figure, pairs_figure
from moco_bench.report.figures.cost import cost_figure
from moco_bench.report.figures.curves import false_negative_figure, gradient_figure, learning_figure
from moco_bench.report.figures.effects import effects_figure
from moco_bench.report.figures.neighbours import neighbours_figure
from moco_bench.report.figures.robustness import corruption_figure
from moco_bench.report.figures.similarities import similarity_figure
from moco_bench.report.figures.style import Plot
from moco_bench.report.links import Links
from moco_bench.report.methods import methods_of
from moco_bench.report.notes import cost_notes, equal_compute_notes, floor_notes, pairing_note
from moco_bench.report.profile_notes import profile_notes
from moco_bench.report.profile_page import PROFILE_SECTIONS
from moco_bench.report.results import Results
from moco_bench.report.summary import Summary, summarise
from moco_bench.report.tables.accuracy import accuracy_table, differences_table, runs_table
from moco_bench.report.tables.budgets import budgets_table
from moco_bench.report.tables.context import machines_table, published_table
from moco_bench.report.tables.cost import cost_table
from moco_bench.report.tables.effects import certainty_table, claims_table, effects_table
from moco_bench.report.tables.mechanism import mechanism_table
from moco_bench.report.tables.model import Table
from moco_bench.report.tables.trust import holes_table, noise_table, pairing_table

Item = Table | Plot


@dataclass(frozen=True)
class Section:
    """A heading, sentences, and tables and figures in their order."""

    id: str
    title: str
    notes: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Page:
    """All that a report says."""

    name: str
    description: str
    summary: Summary
    cost: tuple[str, ...]
    floors: tuple[str, ...]
    sections: tuple[Section, ...]
    methods: tuple[tuple[str, list[str]], ...]
    suite_text: str
    repeat: tuple[str, ...]
    fingerprint: str

    @property
    def tables(self) -> tuple[Table, ...]:
        """Of all sections."""
        return tuple(item for section in self.sections for item in section.items if isinstance(item, Table))

    @property
    def plots(self) -> tuple[Plot, ...]:
        """Of all sections."""
        return tuple(item for section in self.sections for item in section.items if isinstance(item, Plot))


def build_page(results: Results, links: Links) -> Page:
    """Compute every table, figure and sentence; what has no data is left out, holes are named."""
    suite = results.plan.suite
    return Page(
        name=results.name,
        description=(suite.description or "") if suite else "",
        summary=summarise(results),
        cost=(*profile_notes(results), *cost_notes(results), *equal_compute_notes(results)),
        floors=tuple(floor_notes(results)),
        sections=tuple(section for section in _sections(results, links) if section.items or section.notes),
        methods=tuple((title, lines) for title, lines in methods_of(results)),
        suite_text=results.suite_text,
        repeat=_repeat(results),
        fingerprint=results.plan.fingerprint,
    )


def _sections(results: Results, links: Links) -> list[Section]:
    def tables(*builders: Callable[[Results, Links], Table | None]) -> tuple[Table, ...]:
        made = [build(results, links) for build in builders]
        return tuple(table for table in made if table is not None and table.rows)

    def figures(*builders: Callable[[Results], Plot | None]) -> tuple[Plot, ...]:
        return tuple(plot for plot in (build(results) for build in builders) if plot is not None)

    damaged = (f"Files that could not be read: {', '.join(results.damaged)}.",) if results.damaged else ()
    margin = results.plan.config.margin_points
    metric = METRICS[results.plan.config.primary]
    return [
        Section("holes", "Holes", damaged, tables(holes_table)),
        Section(
            "accuracy", "Accuracy", tuple(floor_notes(results)), (*figures(accuracy_figure), *tables(accuracy_table))
        ),
        Section(
            "effects",
            "Effects and their certainty",
            (
                "An effect counts as decided where its interval and the exact test, corrected for multiplicity, agree; "
                f"as no difference where it is shown to be within {margin:g} point{'s' * (margin != 1)}. Primary "
                f"metric, declared beforehand: {metric.title}.",
            ),
            (*figures(effects_figure), *tables(effects_table, certainty_table)),
        ),
        Section("claims", "The paper\u2019s claims", _claims_note(results), tables(claims_table)),
        Section(
            "cost", "Cost", tuple(cost_notes(results)), (*figures(cost_figure), *tables(cost_table, budgets_table))
        ),
        *(
            Section(part.id, part.title, tuple(part.notes(results)), (*figures(*part.figures), *tables(*part.tables)))
            for part in PROFILE_SECTIONS
        ),
        Section(
            "seeds", "Seed by seed", (pairing_note(results),), (*figures(pairs_figure), *tables(differences_table))
        ),
        Section("training", "Training", (), figures(learning_figure, neighbours_figure)),
        Section("robustness", "Robustness", (), figures(corruption_figure)),
        Section(
            "mechanism",
            "Mechanism",
            (),
            (*figures(false_negative_figure, gradient_figure, similarity_figure), *tables(mechanism_table)),
        ),
        Section("trust", "Trust", _noise_note(results), tables(pairing_table, noise_table)),
        Section("published", "Published numbers", (), tables(published_table)),
        Section("runs", "Runs and machines", (), tables(machines_table, runs_table)),
    ]


def _claims_note(results: Results) -> tuple[str, ...]:
    if results.claims.empty:
        return ("No suite file lies with these results, so no rules were declared and no claims are judged.",)
    counts = results.claims["verdict"].value_counts()
    return (
        "The abstract\u2019s claims in our words, each with the quantity that stands for it here. "
        + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        + f". Rules were declared in the suite; analysis {results.plan.fingerprint[:12]}.",
    )


def _noise_note(results: Results) -> tuple[str, ...]:
    if (results.runs["replicate"] > 1).any():
        return ()
    return ("No seed ran twice in this suite, so the noise floor of a single seed is not measured here.",)


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
