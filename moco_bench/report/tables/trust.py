"""Why the numbers may be believed, or not: shared random numbers, the noise floor, and what is missing."""

from moco_bench.analyse.metrics import METRICS
from moco_bench.analyse.noise import noise_floor
from moco_bench.analyse.pairing import random_number_table
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.links import Links
from moco_bench.report.results import Results
from moco_bench.report.tables.accuracy import KEY, KEY_NAMES
from moco_bench.report.tables.model import Column, Table, cell, drop_constant


def pairing_table(results: Results, links: Links) -> Table:
    """One row a seed: the hashes that its arms share. Unequal hashes are listed one after the other."""
    found = random_number_table(results.compared)
    rows = tuple(
        (
            cell(row["seed"], row["seed"]),
            *(cell(row[name]) for name in KEY_NAMES),
            cell(row["arms"], row["arms"]),
            *(
                cell(" ".join(value[:10] for value in row[name].split()) or ABSENT, row[name])
                for name in ("init_hash", "order_hash", "augment_hash")
            ),
            cell(row["paired"], tone="bad" if row["paired"] == "not paired" else ""),
        )
        for row in found.to_dict("records")
    )
    columns = (
        Column("seed", "Seed"),
        *KEY,
        Column("arms", "Arms"),
        Column("init_hash", "Initialisation", numeric=False),
        Column("order_hash", "Batch order", numeric=False),
        Column("augment_hash", "Augmentations", numeric=False),
        Column("paired", "Pairs", numeric=False),
    )
    table = Table(
        "random_numbers",
        "Common random numbers",
        "First ten digits of the hashes that all arms of a seed share; two hashes in one place mean two streams.",
        columns,
        rows,
    )
    return drop_constant(table, KEY_NAMES)


def noise_table(results: Results, links: Links) -> Table | None:
    """The same seed twice beside different seeds; None where no seed ran twice."""
    metric = METRICS[results.plan.config.primary]
    found = noise_floor(results.runs, metric.name)
    if found.empty:
        return None
    digits = metric.decimals + 1
    rows = tuple(
        (
            cell(row["arm"]),
            *(cell(row[name]) for name in KEY_NAMES),
            cell(row["replicated_seeds"], row["replicated_seeds"]),
            cell(row["identical"], row["identical"]),
            cell(number(row["largest_difference"], digits), row["largest_difference"], href=links.to("runs.csv")),
            cell(number(row["mean_difference"], digits), row["mean_difference"]),
            cell(number(row["seed_sd"], digits), row["seed_sd"]),
        )
        for row in found.to_dict("records")
    )
    columns = (
        Column("arm", "Arm", numeric=False),
        *KEY,
        Column("replicated_seeds", "Seeds run twice"),
        Column("identical", "Identical to the last bit"),
        Column("largest_difference", "Largest difference"),
        Column("mean_difference", "Mean difference"),
        Column("seed_sd", "SD across seeds"),
    )
    table = Table(
        "noise_floor", "Noise floor", f"{metric.title}: the same seed run twice, beside different seeds.", columns, rows
    )
    return drop_constant(table, KEY_NAMES)


def holes_table(results: Results, links: Links) -> Table | None:
    """Runs that have no result, and why; None where every run is done."""
    absent = results.runs[results.runs["status"] != "done"]
    if absent.empty:
        return None
    rows = tuple(
        (
            cell(
                f"{row['dataset']}/{row['encoder']}/{row['arm']}/seed{row['seed']}"
                + (f"-rep{row['replicate']}" if row["replicate"] > 1 else "")
                + (f"-{row['budget']}" if row["budget"] != "epochs" else ""),
                href=links.to_run(row["directory"], "run.json") if row["status"] == "failed" else "",
            ),
            cell(row["budget"]),
            cell(row["status"], tone="bad" if row["status"] == "failed" else "open"),
            cell(row["reason"] or "no reason was recorded"),
            cell(number(row["epochs"], 0), row["epochs"]),
        )
        for row in absent.to_dict("records")
    )
    columns = (
        Column("run", "Run", numeric=False),
        Column("budget", "Budget", numeric=False),
        Column("status", "Status", numeric=False),
        Column("reason", "Reason", numeric=False, prose=True),
        Column("epochs", "Epochs finished"),
    )
    table = Table("holes", "Runs without a result", "A failed run is a result too.", columns, rows)
    return drop_constant(table, ("budget",))
