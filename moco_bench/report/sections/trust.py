"""Reproducibility checks: shared random numbers, the noise floor, several machines."""

from collections.abc import Callable

import pandas as pd

from moco_bench.analyse.merge import EFFECTS_FILE
from moco_bench.analyse.noise import noise_floor
from moco_bench.analyse.pairing import UNEQUAL_PRECISION
from moco_bench.analyse.pooled import pooled_effects
from moco_bench.analyse.table import table_of_text
from moco_bench.analyse.text import ABSENT, interval, number, p_value
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM, KEY, Cell, Column, Row, Table, cell
from moco_bench.report.read.results import Results
from moco_bench.report.section import Section, sentences
from moco_bench.report.sections.runs import mapping_in
from moco_bench.suite.metrics import METRICS


def pairing_table(results: Results, links: Links) -> Table | None:
    """One row per seed with the hashes that its arms share; None if all are proven pairs, as a sentence says then."""
    found = results.random_numbers
    if (found["paired"] == "proven").all():
        return None

    def paired(row: Row) -> Cell:
        return cell(row["paired"], tone="bad" if row["paired"] in ("not paired", UNEQUAL_PRECISION) else "")

    columns = (
        Column.number("seed", "Seed"),
        *KEY,
        Column.number("arms", "Arms"),
        _digits("init_hash", "Initialisation"),
        _digits("order_hash", "Batch order"),
        _digits("augment_hash", "Augmentations"),
        Column.text("paired", "Pairs", paired),
    )
    caption = "First ten digits of the hashes that all arms of a seed share; two hashes in one place mean two streams."
    return Table.of("random_numbers", "Common random numbers", caption, columns, found, source=links.source("runs.csv"))


def _digits(name: str, title: str) -> Column:
    def shown(row: Row) -> Cell:
        return cell(" ".join(value[:10] for value in row[name].split()) or ABSENT, row[name])

    return Column.text(name, title, shown, sourced=True)


def noise_table(results: Results, links: Links) -> Table | None:
    """Differences between repetitions of a seed and between seeds; None if no seed ran twice."""
    metric = results.primary
    hashes = {place: mapping_in(record, "hashes").get("encoder") for place, record in results.records.items()}
    weights = {place: str(found) for place, found in hashes.items() if found}
    found = noise_floor(results.runs, metric.name, weights)
    digits = metric.decimals + 1
    columns = (
        ARM,
        *KEY,
        Column.number("replicated_seeds", "Seeds run twice"),
        Column.number("identical_weights", "Same weights, to the last bit", of=lambda row: _same(results, links, row)),
        Column.number("identical", f"Same {metric.short}"),
        Column.number("largest_difference", "Largest difference", digits),
        Column.number("mean_difference", "Mean difference", digits),
        Column.number("seed_sd", "SD across seeds", digits),
    )
    caption = (
        f"{metric.title}: the same seed run twice, beside different seeds. A run repeats to the last bit where the "
        "hashes of its weights are equal; an equal accuracy alone, which comes in steps of one image, doesn't show it."
    )
    return Table.of("noise_floor", "Noise floor", caption, columns, found, source=links.source("runs.csv"))


def _same(results: Results, links: Links, row: Row) -> Cell:
    """Number of pairs with equal weights, of those whose weights are known, linked to the first repetition's record."""
    same, compared = row["identical_weights"], row["weights_compared"]
    if not compared:
        return Cell("not recorded")
    runs = results.runs[results.runs["replicate"] > 1]
    for name in ("arm", "dataset", "encoder", "budget"):
        runs = runs[runs[name] == row[name]]
    href = next((links.to_run(place, "run.json") for place in runs["directory"]), "")
    return cell(f"{same} of {compared}", same, href=href, tone="good" if same == compared else "bad")


def noise_notes(results: Results) -> list[str]:
    """A note that the noise floor was not measured, if no seed ran twice."""
    if (results.runs["replicate"] > 1).any():
        return []
    return ["No seed ran twice in this suite, so the noise floor of a single seed is not measured here."]


POOLED_FILE = "pooled.csv"
_NEEDED = {"run", "metric", "kept", "other", "difference", "kept_on", "other_on"}


def pooled_table(results: Results, links: Links) -> Table | None:
    """One row per effect on the primary metric, pooled over machines; None if all runs are of one machine."""
    metric = results.primary
    found = pooled_effects(results.runs, results.plan)
    columns = (
        Column.text("effect", "Effect"),
        *KEY,
        Column.number("estimate", "Pooled estimate", metric.decimals, signed=True),
        Column.text("interval", "Interval", lambda row: cell(interval(row["ci_low"], row["ci_high"], metric.decimals))),
        Column.number("machines", "Machines"),
        Column.number("seeds", "Seeds"),
        Column.number("between_machines", "SD between machines", metric.decimals),
        Column.text(
            "p_heterogeneity",
            "p, no difference between machines",
            lambda row: cell(p_value(row["p_heterogeneity"]), row["p_heterogeneity"]),
        ),
    )
    caption = (
        f"{metric.title}: effects paired within each kind of machine, pooled by DerSimonian and Laird\u2019s "
        "random-effects model. A difference between machines widens the interval, which is a normal one: with few "
        "seeds for each machine it is too narrow, so no verdict goes by it."
    )
    rows = found[found["metric"] == metric.name]
    source = links.source(POOLED_FILE) or links.source("runs.csv")
    return Table.of("pooled", "Effects over machines", caption, columns, rows, source=source)


def machine_effects_table(results: Results, links: Links) -> Table | None:
    """One row per run and accuracy, or status, that differs between two machines; None if `merge` found none."""
    found = table_of_text(results.directory / EFFECTS_FILE)
    if found is None or not set(found.columns) >= _NEEDED:
        return None
    numbers = found[["kept", "other", "difference"]].apply(pd.to_numeric, errors="coerce")
    known = found["metric"].map(lambda name: name in METRICS and METRICS[name].kind == "accuracy").astype(bool)
    shown = (known & numbers.notna().all(axis=1)) | found["metric"].eq("status")
    found = found.assign(known=known, difference=numbers["difference"])[shown]
    columns = (
        Column.text("run", "Run", lambda row: cell(row["run"].partition("/runs/")[2] or row["run"])),
        Column.text("metric", "Metric", lambda row: cell(METRICS[row["metric"]].title if row["known"] else "Status")),
        Column.number("kept", "Kept", of=_number_or_status("kept")),
        Column.number("other", "Other", of=_number_or_status("other")),
        Column.number("difference", "Difference", 2, signed=True),
        Column.text("kept_on", "Kept from"),
        Column.text("other_on", "Other from"),
    )
    caption = (
        "Runs and baselines with equal settings that have unequal numbers on two machines, or failed on one of "
        "them (`moco-bench merge`). The kept ones are in this report."
    )
    source = links.source(EFFECTS_FILE)
    return Table.of("machine_effects", "Effects of the machine", caption, columns, found, source=source)


def _number_or_status(name: str) -> Callable[[Row], Cell]:
    return lambda row: cell(number(float(row[name]), 2), float(row[name])) if row["known"] else Cell(row[name])


SECTION = Section(
    "trust",
    "Reproducibility checks",
    notes=sentences(noise_notes),
    tables=(pairing_table, noise_table, pooled_table, machine_effects_table),
)
