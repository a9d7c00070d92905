"""Tables of `docs/results.md` and the figure of the study, made from the tables of the stored runs.

`python -m tools.study_page docs/results.md docs/results/study.svg` makes both again, and `make reports` calls it. A
table stands between `<!-- accuracy: SUITE BUDGET [ARMS] -->`, `<!-- effects: SUITE BUDGET -->`,
`<!-- mechanism: SUITE BUDGET -->` or `<!-- cost: SUITE ENCODER -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Collection, Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from moco_bench.analyse.table import read_runs
from moco_bench.files import read_json, write_text
from tools.study_figure import study_figure

STORED = Path(__file__).parents[1] / "docs" / "results"
ACCURACIES = {
    "knn_top1_projection": "kNN, projection", "linear_top1": "linear probe", "knn_top1_corrupted": "kNN, corrupted",
}  # fmt: skip
EFFECTS = {"dual_view": "dual-view loss, main effect", "filtering": "filter, main effect"}
SIGNIFICANT = ("higher", "lower")
MECHANISM = {
    "kept_mass": ("softmax mass kept, %", 100.0, 0), "false_negative_rate_kept": ("false negatives kept, %", 100.0, 1),
    "alignment": ("alignment", 1.0, 3), "uniformity": ("uniformity", 1.0, 3),
    "effective_rank": ("effective rank", 1.0, 1),
}  # fmt: skip
WAYS = {"streamed": "streamed (this package)", "plain": "logits held, masked", "kept": "logits held, `topk`"}
_BLOCK = re.compile(
    r"(<!-- (accuracy|effects|mechanism|cost): (\S+) (\S+)((?: \S+)*?) -->\n)(.*?)(<!-- end -->)", re.DOTALL
)


def with_tables(text: str, stored: Path = STORED) -> str:
    """A document with the tables between its comments as the stored runs would have them."""
    makers = {
        "accuracy": accuracy_table, "effects": effects_table, "mechanism": mechanism_table, "cost": cost_table
    }  # fmt: skip

    def made(found: re.Match[str]) -> str:
        return f"{found[1]}\n{makers[found[2]](stored / found[3], found[4], found[5].split())}\n{found[7]}"

    return _BLOCK.sub(made, text)


def accuracy_table(suite: Path, budget: str, arms: Collection[str] = ()) -> str:
    """One row per arm in Markdown: pairs, kNN, its difference from vanilla with the interval, further accuracies."""
    runs, effects = finished(suite, budget, arms), effects_of(suite, budget)
    rows = []
    for arm, own in runs.groupby("arm", sort=False):
        means = [_mean(own, name) for name in ACCURACIES]
        rows.append([f"{arm}", f"{len(own)}", _mean(own, "knn_top1"), _difference(effects, str(arm)), *means])
    heads = ["arm", "seeds", "kNN", "against vanilla [95 % interval]", *ACCURACIES.values()]
    return _markdown(heads, rows + _baselines(suite))


def effects_table(suite: Path, budget: str, arms: Collection[str] = ()) -> str:
    """One row per effect of a 2x2 in Markdown, one column per accuracy: estimate and interval, bold if significant."""
    effects = pd.read_csv(suite / "effects.csv")
    own = effects[(effects["budget"] == budget) & effects["metric"].isin(("knn_top1", *ACCURACIES))]
    rows = []
    for effect, of_metrics in own.groupby("effect", sort=False):
        shown = of_metrics.set_index("metric").to_dict("index")
        title = EFFECTS.get(str(effect), str(effect).replace("-", " against "))
        rows.append([title, *(_estimate(shown.get(name)) for name in ("knn_top1", *ACCURACIES))])
    return _markdown(["", "kNN", *ACCURACIES.values()], rows)


def _estimate(effect: Mapping[Hashable, Any] | None) -> str:
    if effect is None or np.isnan(effect["estimate"]):
        return ""
    interval = "" if np.isnan(effect["ci_low"]) else f" [{effect['ci_low']:+.1f}, {effect['ci_high']:+.1f}]"
    mark = "**" if effect["finding"] in SIGNIFICANT else ""
    return f"{mark}{effect['estimate']:+.1f}{interval}{mark}"


def mechanism_table(suite: Path, budget: str, arms: Collection[str] = ()) -> str:
    """One row per arm in Markdown: what the loss did to negatives and features, at the end of training."""
    runs = finished(suite, budget, arms)
    runs["kept_mass"] = [_last_kept_mass(suite / where) for where in runs["directory"]]
    rows = [
        [f"{arm}", *(_mean(own, name, factor, decimals) for name, (_, factor, decimals) in MECHANISM.items())]
        for arm, own in runs.groupby("arm", sort=False)
    ]
    return _markdown(["arm", *(title for title, *_ in MECHANISM.values())], rows)


def cost_table(suite: Path, encoder: str, arms: Collection[str] = ()) -> str:
    """One row per queue and arm in Markdown: time and FLOPs against vanilla's, and memory by way of writing the loss.

    Memory is the peak of all tensors of a typical training step, in MiB. Only queues that `profile` measured in both;
    a rule without a form for `topk` has no figure for it.
    """
    growth, queues = (pd.read_csv(suite / "profile" / name) for name in ("growth.csv", "queues.csv"))
    steps = growth[(growth["encoder"] == encoder) & (growth["quantity"] == "queue_size")].copy()
    steps["queue_size"] = steps["value"].astype(int)
    base = steps[steps["arm"] == "vanilla"].set_index("queue_size")["flops"]
    memory = queues[queues["encoder"] == encoder].pivot(
        index=["queue_size", "arm"], columns="version", values="typical_tensor_mib"
    )
    rows = []
    for step in steps.join(memory, on=["queue_size", "arm"], how="inner").to_dict("records"):
        if arms and step["arm"] not in arms:
            continue
        ratio = "" if step["arm"] == "vanilla" else "{ratio:.2f} [{ratio_q1:.2f}, {ratio_q3:.2f}]".format(**step)
        flops = f"{step['flops'] / base[step['queue_size']]:.3f}"
        own = [f"{step['queue_size']:,}", step["arm"], f"{step['median_ms']:.0f}", ratio, flops]
        rows.append(own + ["" if np.isnan(step[way]) else f"{step[way]:.1f}" for way in WAYS])
    heads = ["K", "arm", "step, ms", "against vanilla [quartiles]", "FLOPs against vanilla"]
    return _markdown([*heads, *(f"MiB, {way}" for way in WAYS.values())], rows)


def finished(suite: Path, budget: str, arms: Collection[str] = ()) -> pd.DataFrame:
    """Runs that ended well, without repeats: those at one budget and vanilla's, or of them those of `arms`."""
    runs = read_runs(suite / "runs.csv")
    shown = (runs["budget"] == budget) | (runs["arm"] == "vanilla")
    if arms:
        shown &= runs["arm"].isin(arms)
    return runs[(runs["status"] == "done") & shown & (runs["replicate"].astype(int) == 1)].copy()


def effects_of(suite: Path, budget: str) -> pd.DataFrame:
    """Effects of a stored suite on kNN accuracy at one budget, by their names."""
    effects = pd.read_csv(suite / "effects.csv")
    return effects[(effects["metric"] == "knn_top1") & (effects["budget"] == budget)].set_index("effect")


def _last_kept_mass(run: Path) -> float:
    history = pd.read_csv(run / "history.csv")
    return float(history["kept_mass"].iloc[-1]) if "kept_mass" in history else np.nan


def _mean(runs: pd.DataFrame, name: str, factor: float = 1.0, decimals: int = 1) -> str:
    value = pd.to_numeric(runs[name]).mean() * factor
    return "" if np.isnan(value) else f"{value:.{decimals}f}"


def _difference(effects: pd.DataFrame, arm: str) -> str:
    name = f"{arm}-vanilla"
    if name not in effects.index or np.isnan(effects.loc[name, "estimate"]):
        return ""
    return _estimate(effects.loc[name].to_dict()).strip("*")


def _baselines(suite: Path) -> list[list[str]]:
    """Raw pixels and the untrained encoder, where the suite stores them."""
    rows = []
    for path in sorted((suite / "floors").glob("*.json")):
        floors = read_json(path)
        rows.append(_baseline("raw pixels", [floors["pixels"]]))
        rows += [_baseline("untrained encoder", list(seeds.values())) for seeds in floors["random_encoder"].values()]
    return rows


def _baseline(name: str, measured: list[dict[str, float]]) -> list[str]:
    table = pd.DataFrame(measured)
    means = ["" if metric not in table else f"{table[metric].mean():.1f}" for metric in ("knn_top1", *ACCURACIES)]
    return [f"*{name}*", "", means[0], "", *means[1:]]


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    """A table without the columns that hold nothing."""
    used = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    lines = [[heads[place] for place in used], ["---" if place == 0 else "---:" for place in used]]
    lines += [[row[place] for place in used] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    page, figure = map(Path, sys.argv[1:])
    write_text(page, with_tables(page.read_text(encoding="utf-8")))
    write_text(figure, study_figure(STORED))
