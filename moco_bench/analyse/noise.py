"""The noise floor: how far the same seed, run twice, is from itself, beside how far seeds are from each other."""

import numpy as np
import pandas as pd

COLUMNS = (
    "dataset", "encoder", "budget", "arm", "metric", "replicated_seeds", "identical", "largest_difference",
    "mean_difference", "seed_sd",
)  # fmt: skip


def noise_floor(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One row an arm with at least one finished seed that ran twice. Differences in the metric's unit.

    `identical` counts seeds whose two results are equal to the last bit; `seed_sd` is the standard deviation over
    different seeds (first runs only), NaN with fewer than two.
    """
    done = runs[(runs["status"] == "done") & runs[metric].notna()]
    rows = []
    for (dataset, encoder, budget, arm), of_arm in done.groupby(["dataset", "encoder", "budget", "arm"], sort=False):
        by_seed = of_arm.pivot(index="seed", columns="replicate", values=metric)
        if 1 not in by_seed or by_seed.shape[1] < 2:
            continue
        gaps = by_seed.drop(columns=1).sub(by_seed[1], axis=0).abs().to_numpy(dtype=float)
        gaps = gaps[~np.isnan(gaps)]
        if not len(gaps):
            continue
        spread = float(by_seed[1].to_frame().std(ddof=1).iloc[0])
        rows.append(
            (dataset, encoder, budget, arm, metric, len(gaps), int((gaps == 0).sum()), gaps.max(), gaps.mean(), spread)
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
