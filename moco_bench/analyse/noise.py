"""The noise floor: differences between two runs of the same seed, next to differences between seeds.

An accuracy on 1,000 images comes in steps of 0.1 point, so two runs can agree in it by chance. Only equal weights say
that a run repeats to the last bit.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

COLUMNS = (
    "dataset", "encoder", "budget", "arm", "metric", "replicated_seeds", "identical", "largest_difference",
    "mean_difference", "seed_sd", "weights_compared", "identical_weights",
)  # fmt: skip


def noise_floor(runs: pd.DataFrame, metric: str, weights: Mapping[str, str] | None = None) -> pd.DataFrame:
    """One row per arm with at least one finished seed that ran twice. Differences in the metric's unit.

    `identical` counts pairs of runs whose metric is the same; `weights_compared` those whose weights' hashes are both
    known, and `identical_weights` those among them where they are equal: the same to the last bit. `seed_sd` is the
    standard deviation over different seeds (first runs only), NaN with fewer than two.

    `weights` are the hashes of the runs' encoders (`hashes.encoder` of run.json) by `directory`, as far as known.
    """
    done = runs[(runs["status"] == "done") & runs[metric].notna()]
    rows = []
    for key, of_arm in done.groupby(["dataset", "encoder", "budget", "arm"], sort=False):
        if of_arm["replicate"].eq(1).all():
            continue
        first = of_arm[of_arm["replicate"] == 1].set_index("seed")
        again = of_arm[(of_arm["replicate"] != 1) & of_arm["seed"].isin(first.index)]
        if again.empty:
            continue
        gaps = np.abs(again[metric].to_numpy(dtype=float) - first.loc[again["seed"], metric].to_numpy(dtype=float))
        of_first, of_again = (places.map(weights or {}) for places in (first["directory"], again["directory"]))
        pairs = zip(of_first.loc[again["seed"]], of_again, strict=True)
        same = [one == other for one, other in pairs if pd.notna(one) and pd.notna(other)]
        spread = float(first[metric].std(ddof=1))
        equal = int((gaps == 0).sum())
        rows.append((*key, metric, len(gaps), equal, gaps.max(), gaps.mean(), spread, len(same), sum(same)))
    return pd.DataFrame(rows, columns=list(COLUMNS))
