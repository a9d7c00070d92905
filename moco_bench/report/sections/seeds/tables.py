"""Differences seed by seed."""

from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, Column, Table
from moco_bench.report.model.words import in_unit
from moco_bench.report.read.equal_compute import cells_with_own_runs
from moco_bench.report.read.results import Results


def differences_table(results: Results, links: Links) -> Table | None:
    """Each seed's differences to the baseline on the primary metric, and its factorial effects."""
    metric = results.primary
    contrasts = results.plan.contrasts_of(results.arms)
    known = results.seed_values.set_index(["dataset", "encoder", "budget", "effect", "seed"])["value"].to_dict()
    found, serve_too = cells_with_own_runs(results)
    rows = [
        {**dict(zip(KEY_NAMES, key, strict=True)), "seed": int(seed)}
        | {contrast.name: known.get((*key, contrast.name, seed)) for contrast in contrasts}
        for key, runs in found
        for seed in sorted(runs["seed"].unique())
    ]
    columns = (
        Column.number("seed", "Seed"),
        *KEY,
        *(Column.number(c.name, c.title, metric.decimals, signed=True) for c in contrasts),
    )
    caption = (
        f"Paired differences and effects on {metric.title}{in_unit(metric)}; a dash where an arm of that seed has no "
        f"finished run or the arms' hashes differ.{serve_too}"
    )
    return Table.of("differences", "Seed by seed", caption, columns, rows, source=links.source("runs.csv"))


KEY_NAMES = ("dataset", "encoder", "budget")
