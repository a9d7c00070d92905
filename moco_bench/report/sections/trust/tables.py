"""Why the numbers may be believed, or not: shared random numbers, the noise floor, and what is missing."""

from typing import Any

from moco_bench.analyse.noise import noise_floor
from moco_bench.analyse.pairing import UNEQUAL_PRECISION
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Cell, Column, Table, cell, drop_constant
from moco_bench.report.read.results import Results


def pairing_table(results: Results, links: Links) -> Table | None:
    """One row per seed: the hashes that its arms share; None where a sentence says that all are proven pairs."""
    found = results.random_numbers
    if (found["paired"] == "proven").all():
        return None
    rows = tuple(
        (
            cell(row["seed"], row["seed"]),
            *(cell(row[name]) for name in KEY_NAMES),
            cell(row["arms"], row["arms"]),
            *(
                cell(" ".join(value[:10] for value in row[name].split()) or ABSENT, row[name])
                for name in ("init_hash", "order_hash", "augment_hash")
            ),
            cell(row["paired"], tone="bad" if row["paired"] in ("not paired", UNEQUAL_PRECISION) else ""),
        )
        for row in found.to_dict("records")
    )
    columns = (
        Column("seed", "Seed"),
        *KEY,
        Column("arms", "Arms"),
        Column("init_hash", "Initialisation", numeric=False, sourced=True),
        Column("order_hash", "Batch order", numeric=False, sourced=True),
        Column("augment_hash", "Augmentations", numeric=False, sourced=True),
        Column("paired", "Pairs", numeric=False),
    )
    table = Table(
        "random_numbers",
        "Common random numbers",
        "First ten digits of the hashes that all arms of a seed share; two hashes in one place mean two streams.",
        columns,
        rows,
        source=links.source("runs.csv"),
    )
    return drop_constant(table, KEY_NAMES)


def noise_table(results: Results, links: Links) -> Table | None:
    """The same seed twice beside different seeds; None where no seed ran twice."""
    metric = results.primary
    weights = {place: str(name) for place, record in results.records.items() if (name := _encoder_hash(record))}
    found = noise_floor(results.runs, metric.name, weights)
    if found.empty:
        return None
    digits = metric.decimals + 1
    rows = tuple(
        (
            cell(row["arm"]),
            *(cell(row[name]) for name in KEY_NAMES),
            cell(row["replicated_seeds"], row["replicated_seeds"]),
            _same_weights(row["identical_weights"], row["weights_compared"], _second_record(results, links, row)),
            cell(row["identical"], row["identical"]),
            cell(number(row["largest_difference"], digits), row["largest_difference"]),
            cell(number(row["mean_difference"], digits), row["mean_difference"]),
            cell(number(row["seed_sd"], digits), row["seed_sd"]),
        )
        for row in found.to_dict("records")
    )
    columns = (
        Column("arm", "Arm", numeric=False),
        *KEY,
        Column("replicated_seeds", "Seeds run twice"),
        Column("identical_weights", "Same weights, to the last bit"),
        Column("identical", f"Same {metric.short}"),
        Column("largest_difference", "Largest difference"),
        Column("mean_difference", "Mean difference"),
        Column("seed_sd", "SD across seeds"),
    )
    table = Table(
        "noise_floor",
        "Noise floor",
        f"{metric.title}: the same seed run twice, beside different seeds. A run repeats to the last bit where the "
        "hashes of its weights are equal; an equal accuracy alone, which comes in steps of one image, doesn't show it.",
        columns,
        rows,
        source=links.source("runs.csv"),
    )
    return drop_constant(table, KEY_NAMES)


def _encoder_hash(record: dict[str, object]) -> object:
    hashes = record.get("hashes")
    return hashes.get("encoder") if isinstance(hashes, dict) else None


def _same_weights(same: int, compared: int, href: str) -> Cell:
    """How many of the pairs whose weights are known have the same ones."""
    if not compared:
        return Cell("not recorded")
    return cell(f"{same} of {compared}", same, href=href, tone="good" if same == compared else "bad")


def _second_record(results: Results, links: Links, row: dict[Any, Any]) -> str:
    """The record of the first run that is a repetition: it holds the hash of the weights."""
    runs = results.runs[(results.runs["replicate"] > 1) & (results.runs["arm"] == row["arm"])]
    for name in KEY_NAMES:
        runs = runs[runs[name] == row[name]]
    return next((links.to_run(place, "run.json") for place in runs["directory"]), "")
