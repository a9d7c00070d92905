"""What became of the claim of lower memory."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from moco_bench.analyse.memory_claim import VERSIONS
from moco_bench.analyse.text import number
from moco_bench.report.model.words import sentence
from moco_bench.report.read.costs import judged_memory_claim
from moco_bench.report.read.profile import Cell, profile_cells, profile_table_of
from moco_bench.report.read.results import Results

FRAMEWORK = "both"


def written_otherwise_notes(results: Results) -> list[str]:
    """What the whole framework takes where its loss holds the logits that it sums: a sentence a data set and encoder.

    The verdict on memory hangs on how the loss is written (decision 044), so one figure alone would mislead.
    """
    claim = judged_memory_claim(results)
    if claim.empty:
        return []
    own = claim[(claim["arm"] == FRAMEWORK) & claim["at"].str.endswith(f", {VERSIONS['kept']}")]
    cells = profile_cells(own)
    return [
        f"That is of this package\u2019s loss, which streams the queue{_place(cell, len(cells) > 1)}. A loss that "
        f"holds the logits that it sums takes with {FRAMEWORK} {_range(cell.rows['ratio'])} times as much memory as "
        f"with {results.plan.baseline}, at the queues that were measured."
        for cell in cells
    ]


def _range(ratios: pd.Series) -> str:
    return " to ".join(dict.fromkeys(number(float(ratio), 2) for ratio in (ratios.max(), ratios.min())))


def _place(cell: Cell, several: bool) -> str:
    return f" (on {cell.dataset} with {cell.encoder})" if several else ""


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
        said: dict[str, list[str]] = {}
        for row in rows.to_dict("records"):
            at, _, loss = str(row["at"]).rpartition(", ")  # a queue's has a loss behind it
            said.setdefault(loss if at else "", []).append(f"{row['verdict']} at {at or loss}{_ratios(row)}")
        whole = f"Tensor memory of {arm} relative to {results.plan.baseline}{place}: "
        first, *others = (f"{f'with {loss}: ' if loss else ''}{'; '.join(own)}." for loss, own in said.items())
        sentences.append(whole + " ".join([first, *map(sentence, others)]))
    return [*sentences, *_streaming_notes(results)]


def _ratios(row: Mapping[Any, Any]) -> str:
    """In a step with ties, and in a typical one where that is another figure."""
    if pd.isna(row["ratio"]):
        return ""
    most, typical = (number(row[name], 3) for name in ("ratio", "typical_ratio"))
    return f" ({most})" if pd.isna(row["typical_ratio"]) or most == typical else f" ({most}; typical step {typical})"


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
