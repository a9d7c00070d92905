"""Effects of each ingredient, their uncertainty, and what equal compute means."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from moco_bench.analyse.table import equal_epochs
from moco_bench.analyse.text import interval, number, p_value
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM, KEY, Cell, Column, Row, Table, cell, heading
from moco_bench.report.model.words import (
    declared_margins,
    effect_title,
    finding_tone,
    finding_words,
    listed,
    units_shown,
)
from moco_bench.report.read.equal_compute import WITHIN, WORDS, compute_of
from moco_bench.report.read.results import UNRANKED, Results
from moco_bench.suite.metrics import METRICS


def effects_table(results: Results, links: Links) -> Table | None:
    """All effects on the primary metric at equal epochs: estimate, interval, test, correction, finding."""
    rows = _rows_on(equal_epochs(results.effects), [results.primary.name])
    if len(results.arms) > UNRANKED:
        rows = ranked(results, rows)
    caption = (
        f"{units_shown(rows)} {results.plan.config.interval} intervals over other seeds, on these evaluation images; "
        "two-sided sign-flip p, exact up to 16 seeds; Holm\u2019s correction within each family."
    ).strip()
    title = f"Effects on {results.primary.title}{_at_equal(results)}"
    return _effects(results, links, rows, "effects", title, caption)


def further_effects_table(results: Results, links: Links) -> Table | None:
    """One row per effect of the 2x2, or of the arms without one, a column per other declared metric."""
    metrics = [name for name in results.plan.config.metrics if name != results.primary.name]
    rows = [row for row in _rows_on(equal_epochs(results.effects), metrics) if row["n_seeds"] > 0]
    rows = of_the_2x2(results, rows) or rows
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        found.setdefault((row["dataset"], row["encoder"], row["effect"]), {**row})[row["metric"]] = row
    columns = (*_identity()[:-1], *(_on(name) for name in dict.fromkeys(row["metric"] for row in rows)))
    caption = (
        f"{units_shown(rows)} With the interval; a star: significant. Tests, and all other metrics and comparisons, "
        "are in effects.csv."
    )
    title, source = "Effects on the other declared metrics", links.source(results.written.effects)
    return Table.of("further_effects", title, caption, columns, found.values(), source=source)


def _on(metric: str) -> Column:
    def shown(row: Row) -> Cell | None:
        found, digits = row.get(metric), METRICS[metric].decimals
        if found is None:
            return None
        star = " *" if found["finding"] in ("higher", "lower") else ""
        text = f"{number(found['estimate'], digits, signed=True)} {interval(found['ci_low'], found['ci_high'], digits)}"
        return cell(f"{text}{star}", found["estimate"], tone=finding_tone(metric, found["finding"]) if star else "")

    return Column.number(metric, METRICS[metric].short, of=shown)


def _at_equal(results: Results) -> str:
    """What the arms have in common at equal epochs, if more is known than the number of epochs."""
    compute = compute_of(results)
    if set(results.runs["budget"]) != {"epochs"}:
        return " at equal epochs"
    return " at equal epochs and FLOPs" if compute.rows and all(row["shared"] for row in compute.rows) else ""


def compute_effects_table(results: Results, links: Links) -> Table | None:
    """Effects at equal training time and at equal FLOPs; None if the suite has no such runs."""
    rows = [row for row in _rows_on(results.effects, [results.primary.name]) if row["budget"] != "epochs"]
    title = f"Effects at equal {listed(WORDS[budget] for budget in dict.fromkeys(row['budget'] for row in rows))}"
    caption = "As above, with each arm\u2019s runs of equal compute."
    return _effects(results, links, rows, "effects_compute", title, caption)


def _effects(results: Results, links: Links, effects: list[Row], name: str, title: str, caption: str) -> Table | None:
    columns = (
        *_identity(),
        _number("estimate", "Estimate", signed=True),
        _interval("interval", f"{100 * results.plan.config.confidence:g} % interval", "ci"),
        _p("p_value", "Sign-flip p"),
        _p("p_holm", "Holm p"),
        Column.number("n_seeds", "Seeds"),
        Column.text("paired", "Pairing"),
        Column.text("finding", "Finding", lambda row: cell(
            finding_words(row), tone=finding_tone(row["metric"], row["finding"]))),
    )  # fmt: skip
    source = links.source(results.written.effects)
    return Table.of(name, title, caption, columns, effects, source=source, without=("metric", "paired"))


def certainty_table(results: Results, links: Links) -> Table | None:
    """Further statistics of the primary metric's effects: other interval, equivalence, effect sizes, power."""
    config = results.plan.config
    other = "t" if config.interval == "studentised-bootstrap" else "studentised bootstrap"
    effects = _rows_on(equal_epochs(results.effects), [results.primary.name])
    columns = (
        *_identity(),
        _interval("other_interval", f"{100 * config.confidence:g} % {other}", "other"),
        _interval("images_interval", f"{100 * config.confidence:g} %, seeds and images", "images"),
        _interval("equivalence_interval", f"{100 * (2 * config.confidence - 1):.4g} % t", "equivalence"),
        _p("p_equivalence", "Equivalence p, t"),
        _p("p_equivalence_exact", "Equivalence p, exact"),
        _p("p_equivalence_holm", "Equivalence p, Holm"),
        Column.number("cohens_dz", "Cohen\u2019s dz", 2, signed=True),
        Column.number("probability_of_improvement", "P(better)", 2),
        _p("smallest_p", "Smallest p"),
        _number("detectable_effect", "Detectable"),
    )
    caption = (
        f"{units_shown(effects)} Equivalence within "
        f"{declared_margins(config, (effect['metric'] for effect in effects))}, by two one-sided tests with the "
        "interval before them. Seeds and images: over other seeds and other evaluation images. "
        "Detectable: the smallest effect found with 80 % power."
    )
    source = links.source(results.written.effects)
    title = "More about each effect"
    return Table.of("certainty", title, caption, columns, effects, source=source, without=("metric",))


def _rows_on(effects: pd.DataFrame, metrics: list[str]) -> list[Row]:
    """Those effects that are on these metrics, in the metrics' order."""
    effects = effects[effects["metric"].isin(metrics)]
    order = effects["metric"].map({name: place for place, name in enumerate(metrics)})
    rows: Any = effects.assign(order=order).sort_values("order", kind="stable").to_dict("records")
    return list(rows)


def _identity() -> tuple[Column, ...]:
    """Columns that identify an effect, in words; files keep its name in `effects.csv`."""

    def effect(row: Row) -> Cell:
        title = effect_title(row)
        return cell(title, row["effect"] if row["kind"] == "arm" else title)

    def metric(row: Row) -> str:
        found = METRICS[row["metric"]]
        return found.short if found.unit == "%" else heading(found)

    return (Column.text("effect", "Effect", effect), *KEY, Column.text("metric", "Metric", metric))


def _number(name: str, title: str, *, signed: bool = False) -> Column:
    """A column of numbers with the metric's own decimals."""
    return Column.number(
        name, title, of=lambda row: cell(number(row[name], METRICS[row["metric"]].decimals, signed=signed), row[name])
    )


def _p(name: str, title: str) -> Column:
    return Column.number(name, title, of=lambda row: cell(p_value(row[name]), row[name]))


def _interval(name: str, title: str, ends: str) -> Column:
    def shown(row: Row) -> str:
        return interval(row[f"{ends}_low"], row[f"{ends}_high"], METRICS[row["metric"]].decimals)

    return Column.text(name, title, shown, sourced=True)


def budgets_table(results: Results, links: Links) -> Table | None:
    """One row per arm and budget; None where no cost is known, or where all arms cost the same."""
    compute = compute_of(results)
    if all(row["shared"] for row in compute.rows):
        return None  # one sentence says it
    timed = any(row["budget"] == "seconds" for row in compute.rows)
    own = "of their own" if compute.declared else "none"
    columns = (
        ARM,
        *KEY[:2],
        Column.text("budget", "Equal", lambda row: WORDS[row["budget"]]),
        Column.number("relative", f"Cost per image relative to {results.plan.baseline}", 3),
        *((Column.number("foreign_load", "CPU used by others", of=_load),) if timed else ()),
        Column.number("declared_epochs", "Epochs, equal epochs", 0),
        Column.number("epochs", "Epochs, equal compute", 0),
        Column.text("runs", "Runs", lambda row: "those at equal epochs" if row["shared"] else own),
        Column.number("compute", "Compute reached", 2),
    )
    others = (
        "All others have runs of their own with their whole schedule. Epochs are whole, so compute is equal to within "
        "half an epoch."
    )
    caption = (
        f"An arm within {WITHIN} of the baseline\u2019s cost isn\u2019t run again: its runs at equal epochs serve. "
        f"{others if compute.declared else 'FLOPs are those that the profile counted.'}"
    )
    rows, source = compute.rows, links.source(compute.file)
    return Table.of("budgets", "Equal compute", caption, columns, rows, source=source, without=("budget",))


def _load(row: Row) -> Cell:
    share = row.get("foreign_load")
    return cell(f"{100 * share:.0f} %" if isinstance(share, int | float) else "counted, not timed", share)


def of_the_2x2(results: Results, rows: Iterable[Row]) -> list[Row]:
    """The 2x2's simple effects and main effects, in that order for each metric; empty without a 2x2."""
    rows = list(rows)
    simple = results.plan.factorial.simple_effects if results.plan.factorial else ()
    if not any(row["kind"] == "factorial" for row in rows):
        return []
    return [row for row in rows if row["effect"] in simple or row["kind"] == "factorial"]


def ranked(results: Results, rows: Iterable[Row]) -> list[Row]:
    """Rows for suites of many arms: the 2x2 first, then other comparisons by decreasing estimate."""
    rows = list(rows)
    first = of_the_2x2(results, rows)
    known = {row["effect"] for row in first}
    others = [row for row in rows if row["effect"] not in known]
    return first + sorted(others, key=lambda row: (not row["n_seeds"], -row["estimate"]))
