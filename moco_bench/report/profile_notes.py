"""Sentences about the profile: what an arm's step costs relative to the baseline, and how far to trust that."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from moco_bench.analyse.text import number
from moco_bench.report.costs import judged_memory_claim
from moco_bench.report.profiled import WHOLE_STEP, profile_cells, profile_summary_of, profile_table_of
from moco_bench.report.results import Results

FRAMEWORK = "both"


def profile_notes(results: Results) -> list[str]:
    """Time of a step of each arm relative to the baseline's, a sentence a data set and encoder; then the machine."""
    table = profile_table_of(results, "time")
    if table.empty:
        return []
    steps, baseline = table[table["part"] == WHOLE_STEP], results.plan.baseline
    cells, sentences = profile_cells(steps), []
    for cell in cells:
        place = f" on {cell.dataset} with {cell.encoder}" if len(cells) > 1 else ""
        base = cell.rows[cell.rows["arm"] == baseline]
        speed = f" ({number(float(base['images_per_second'].iloc[0]), 0)} images/s)" if len(base) else ""
        parts = [_relative(row) for row in cell.rows.to_dict("records") if row["arm"] != baseline]
        parts = [part for part in parts if part]
        if parts:
            sentences.append(
                f"Time of a training step{place}, profiled by itself, relative to {baseline}{speed}: "
                f"{'; '.join(parts)} (medians and quartiles)."
            )
    disturbed = steps[~steps["exclusive"]]
    if len(disturbed):
        sentences.append(
            "The machine was not quiet while this was measured: others had "
            f"{number(100 * float(disturbed['foreign_load'].max()), 0)} % of it. Arms took turns, so "
            "ratios suffer less from that than times."
        )
    return sentences


def machine_notes(results: Results) -> list[str]:
    """What else went on while it was measured, as far as the machine tells; a sentence a data set and encoder."""
    cells = profile_summary_of(results)
    sentences = [_surroundings(results, cell, len(cells) > 1) for cell in cells]
    return [sentence for sentence in sentences if sentence]


def _surroundings(results: Results, cell: Mapping[str, Any], several: bool) -> str:
    try:
        around = cell["surroundings"]
        place = f" ({cell['dataset']}, {cell['encoder']})" if several else ""
        others = ", ".join(f"{other['name']} {number(other['processors'], 2)}" for other in around["neighbours"])
        return (
            f"While steps were timed{place}, others had {number(100 * around['foreign_load'], 0)} % of the machine"
            f"{f'; busiest of them, in processors: {others}' if others else ''}. "
            f"Thermal throttling: {_count(around['thermal_throttling'])}; held back by a quota: "
            f"{_count(around['quota_seconds'], ' s')}; fixed reference work: {_reference(results, cell)}."
        )
    except (KeyError, TypeError, ValueError):  # a damaged summary
        return ""


def _count(value: float | None, unit: str = "") -> str:
    return "not readable here" if value is None else f"{number(value, 0)}{unit}"


def _reference(results: Results, cell: Mapping[str, Any]) -> str:
    """The spread of one and the same piece of work, done before each turn."""
    samples = profile_table_of(results, "samples")
    if samples.empty:
        return "not recorded"
    own = samples[(samples["dataset"] == cell["dataset"]) & (samples["encoder"] == cell["encoder"])]["reference_ms"]
    return f"{number(float(own.min()), 1)} to {number(float(own.max()), 1)} ms" if len(own) else "not recorded"


def memory_claim_notes(results: Results) -> list[str]:
    """What became of the claim of lower memory, for the arm that is the whole framework, or else for every arm."""
    claim = judged_memory_claim(results)
    if claim.empty:
        return []
    if (claim["arm"] == FRAMEWORK).any():
        claim = claim[claim["arm"] == FRAMEWORK]
    claim = claim[claim["quantity"] == "tensors"]
    sentences = []
    for (arm, dataset, encoder), rows in claim.groupby(["arm", "dataset", "encoder"], sort=False):
        several = claim[["dataset", "encoder"]].drop_duplicates().shape[0] > 1
        place = f" on {dataset} with {encoder}" if several else ""
        parts = [
            f"{row['verdict']} at {row['at']}" + ("" if pd.isna(row["ratio"]) else f" ({number(row['ratio'], 3)})")
            for row in rows.to_dict("records")
        ]
        sentences.append(f"Tensor memory of {arm} relative to {results.plan.baseline}{place}: {'; '.join(parts)}.")
    return [*sentences, *_streaming_notes(results)]


def _streaming_notes(results: Results) -> list[str]:
    """What a loss that holds all logits would take at the largest queue that was measured."""
    queues = profile_table_of(results, "queues")
    if queues.empty:
        return []
    largest = queues[(queues["queue_size"] == queues["queue_size"].max()) & (queues["arm"] == results.plan.baseline)]
    sizes = largest.groupby("version")["tensor_mib"].first()
    if not {"streamed", "plain"} <= set(sizes.index):
        return []
    return [
        f"At {number(float(queues['queue_size'].max()), 0)} keys a step of {results.plan.baseline} takes "
        f"{number(sizes['streamed'], 0)} MiB of tensors with this loss, which streams the queue, and "
        f"{number(sizes['plain'], 0)} MiB with one that holds all logits."
    ]


def _relative(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["ratio"]):
        return ""
    low, high = number(row["ratio_q1"], 2), number(row["ratio_q3"], 2)
    return f"{row['arm']} {number(row['ratio'], 2)} [{low}, {high}]"
