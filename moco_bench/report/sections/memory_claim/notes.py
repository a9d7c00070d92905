"""What became of the claim of lower memory."""

import pandas as pd

from moco_bench.analyse.memory_claim import VERSIONS
from moco_bench.analyse.text import number
from moco_bench.report.read.profile import GridCellRows, judged_memory_claim, profile_cells
from moco_bench.report.read.results import Results
from moco_bench.report.sections.memory_claim.tables import LOSSES, split_condition

FRAMEWORK = "both"


def written_otherwise_notes(results: Results) -> list[str]:
    """What the whole framework takes where its loss holds the logits that it sums: one sentence per grid cell.

    The verdict on memory hangs on how the loss is written (decision 044), so one figure alone would mislead.
    """
    claim = judged_memory_claim(results)
    if claim.empty:
        return []
    own = claim[(claim["arm"] == FRAMEWORK) & claim["at"].str.endswith(f", {VERSIONS['kept']}")]
    cells = profile_cells(own)
    return [
        f"With a loss that materialises the logits and keeps the top k{_place(cell, len(cells) > 1)}, arm {FRAMEWORK} "
        "needs "
        f"{_range(cell.rows['ratio'])} times {results.plan.baseline}\u2019s memory, over the queues that were measured."
        for cell in cells
    ]


def _range(ratios: pd.Series) -> str:
    return " to ".join(dict.fromkeys(number(float(ratio), 2) for ratio in (ratios.min(), ratios.max())))


def _place(cell: GridCellRows, several: bool) -> str:
    return f" (on {cell.dataset} with {cell.encoder})" if several else ""


def memory_claim_notes(results: Results) -> list[str]:
    """What became of the claim of lower memory, for the arm with both ingredients, or else for every arm."""
    claim = judged_memory_claim(results)
    if claim.empty:
        return []
    if (claim["arm"] == FRAMEWORK).any():
        claim = claim[claim["arm"] == FRAMEWORK]
    claim = claim[claim["quantity"] == "tensors"]
    several = claim[["dataset", "encoder"]].drop_duplicates().shape[0] > 1
    sentences = []
    for (arm, dataset, encoder), rows in claim.groupby(["arm", "dataset", "encoder"], sort=False):
        place = f" on {dataset} with {encoder}" if several else ""
        ways: dict[str, list[float]] = {}
        for row in rows.to_dict("records"):
            loss = split_condition(str(row["at"]))[1]
            if not pd.isna(row["ratio"]) and loss in LOSSES:
                ways.setdefault(loss, []).append(float(row["ratio"]))
        said = "; ".join(f"{_range(pd.Series(ratios))} with {LOSSES[loss][1]}" for loss, ratios in ways.items())
        sentences.append(f"Tensor memory of {arm} relative to {results.plan.baseline}{place}: {said}.")
    return sentences
