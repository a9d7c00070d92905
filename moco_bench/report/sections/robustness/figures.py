"""kNN accuracy under corrupted test images, by kind and strength."""

import pandas as pd

from moco_bench.report.model.figure import Plot
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import grid, theme
from moco_bench.report.render.style import arm_styles


def corruption_rows(results: Results) -> pd.DataFrame:
    """dataset, encoder, arm, seed, corruption, strength (0 is the clean test set), knn_top1."""
    rows = []
    for run in results.finished.to_dict("records"):
        found = results.metrics.get(run["directory"], {}).get("corruptions")
        for kind, levels in (found if isinstance(found, dict) else {}).items():
            key = (run["dataset"], run["encoder"], run["arm"], run["seed"], str(kind))
            rows.append((*key, 0, run["knn_top1"]))
            for strength, top1 in (levels if isinstance(levels, dict) else {}).items():
                if str(strength).isdigit() and isinstance(top1, (int, float)):
                    rows.append((*key, int(strength), float(top1)))
    return pd.DataFrame(rows, columns=["dataset", "encoder", "arm", "seed", "corruption", "strength", "knn_top1"])


def corruption_figure(results: Results) -> Plot | None:
    """One panel a corruption, one line an arm, means over seeds."""
    data = corruption_rows(results)
    if data.empty:
        return None
    kinds, styles = list(dict.fromkeys(data["corruption"])), arm_styles(results.arms)
    with theme("corruptions"):
        figure, axes = grid(len(results.cells), len(kinds), row_height=2.3, sharey="row")
        for row, (dataset, encoder) in zip(axes, results.cells, strict=True):
            of_cell = data[(data["dataset"] == dataset) & (data["encoder"] == encoder)]
            for panel, kind in zip(row, kinds, strict=True):
                means = of_cell[of_cell["corruption"] == kind].groupby(["arm", "strength"])["knn_top1"].mean()
                for arm in results.arms:
                    if arm in means.index.get_level_values(0):
                        style = styles[arm]
                        panel.plot(means[arm].index, means[arm], color=style.colour, linestyle=style.dash,
                                   marker=style.marker, label=arm)  # fmt: skip
                panel.set_title(kind)
                panel.set_xticks([0, 1, 2, 3], ["clean", "1", "2", "3"])
            row[0].set_ylabel("kNN, %" if len(results.cells) == 1 else f"{dataset} \u00b7 {encoder}")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(max(len(labels), 1), 6))
        figure.supxlabel("Strength of the corruption", fontsize=9)
    means = data[data["strength"] > 0].groupby("arm", sort=False)["knn_top1"].mean()
    said = ", ".join(f"{arm} {value:.1f} %" for arm, value in means.items())
    return Plot(
        "corruptions",
        "Accuracy on corrupted images",
        "kNN on backbone features, bank of clean training images, means over seeds. Their spread isn\u2019t drawn: "
        "what the seeds decide about the mean over all corruptions stands in the table of effects.",
        f"Mean kNN accuracy over all corruptions and strengths: {said}.",
        figure,
        data,
    )
