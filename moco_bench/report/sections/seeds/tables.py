"""Differences seed by seed."""

from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Column, Table, cell, drop_constant
from moco_bench.report.model.words import in_unit
from moco_bench.report.read.equal_compute import cells_with_own_runs
from moco_bench.report.read.results import Results


def differences_table(results: Results, links: Links) -> Table:
    """Each seed's differences to the baseline on the primary metric, and its factorial effects."""
    metric = results.primary
    contrasts = results.plan.contrasts_of(results.arms)
    known = results.seed_values.set_index(["dataset", "encoder", "budget", "effect", "seed"])["value"].to_dict()
    found, serve_too = cells_with_own_runs(results)
    rows = []
    for key, of_cell in found:
        for seed in sorted(of_cell["seed"].unique()):
            values = [known.get((*key, contrast.name, seed), float("nan")) for contrast in contrasts]
            rows.append(
                (
                    cell(seed, int(seed)),
                    *(cell(part) for part in key),
                    *(cell(number(value, metric.decimals, signed=True), value) for value in values),
                )
            )
    columns = (Column("seed", "Seed"), *KEY, *(Column(c.name, c.title) for c in contrasts))
    table = Table(
        "differences",
        "Seed by seed",
        f"Paired differences and effects on {metric.title}{in_unit(metric)}; a dash where an arm of that seed has no "
        f"finished run or the arms' hashes differ.{serve_too}",
        columns,
        tuple(rows),
        source=links.source("runs.csv"),
    )
    return drop_constant(table, KEY_NAMES)
