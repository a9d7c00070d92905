"""kNN accuracy under corrupted test images, by kind and strength."""

import pandas as pd

from moco_bench.analyse.table import equal_epochs
from moco_bench.report.model.page import Plot
from moco_bench.report.read.results import Results, of_cell, said_by_cell
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import curve_arms, legend_above, wrapped
from moco_bench.report.render.style import arm_styles
from moco_bench.report.section import Section


def corruption_rows(results: Results) -> pd.DataFrame:
    """dataset, encoder, arm, seed, corruption, strength (0 is the clean test set), knn_top1."""
    rows = []
    runs = equal_epochs(results.finished)[["directory", "dataset", "encoder", "arm", "seed", "knn_top1"]]
    for run in runs.to_dict("records"):
        found = results.metrics.get(run["directory"], {}).get("corruptions")
        for kind, levels in (found if isinstance(found, dict) else {}).items():
            key = (run["dataset"], run["encoder"], run["arm"], run["seed"], str(kind))
            rows.append((*key, 0, run["knn_top1"]))
            for strength, top1 in (levels if isinstance(levels, dict) else {}).items():
                if str(strength).isdigit() and isinstance(top1, (int, float)):
                    rows.append((*key, int(strength), float(top1)))
    return pd.DataFrame(rows, columns=["dataset", "encoder", "arm", "seed", "corruption", "strength", "knn_top1"])


@plot("corruptions", "Accuracy on corrupted images")
def corruption_figure(results: Results) -> Plot | None:
    """One panel per corruption, one line per arm: mean and standard deviation over seeds."""
    data = corruption_rows(results)
    if data.empty:
        return None
    kinds, styles = list(dict.fromkeys(data["corruption"])), arm_styles(results.arms)
    arms, drawn = curve_arms(results)
    figure, axes = grid(len(results.cells), len(kinds), row_height=2.3, sharey="row")
    for row, (dataset, encoder) in zip(axes, results.cells, strict=True):
        own = of_cell(data, dataset, encoder)
        for panel, kind in zip(row, kinds, strict=True):
            found = own[own["corruption"] == kind].groupby(["arm", "strength"])["knn_top1"]
            means, spreads = found.mean(), found.std()
            for place, arm in enumerate(arm for arm in arms if arm in means.index.get_level_values(0)):
                style, beside = styles[arm], 0.05 * (place - len(arms) / 2)  # or bars would cover each other
                panel.errorbar(means[arm].index + beside, means[arm], yerr=spreads[arm].fillna(0.0), label=arm,
                               color=style.colour, linestyle=style.dash, marker=style.marker, markersize=4,
                               elinewidth=0.9, capsize=1.5)  # fmt: skip
            panel.set_title(kind)
            panel.set_xticks([0, 1, 2, 3], ["clean", "1", "2", "3"])
        row[0].set_ylabel("kNN, %" if len(results.cells) == 1 else wrapped(f"{dataset} \u00b7 {encoder}", 28))
    legend_above(figure, axes[0, 0])
    figure.supxlabel("Strength of the corruption", fontsize=9)

    def means_of(own: pd.DataFrame) -> str:
        means = own[own["strength"] > 0].groupby("arm", sort=False)["knn_top1"].mean()
        return ", ".join(f"{arm} {value:.1f} %" for arm, value in means.items())

    return Plot(
        f"kNN on backbone features, bank of clean training images. Bars: standard deviation over seeds.{drawn}",
        f"Mean kNN accuracy over all corruptions and strengths: {said_by_cell(results.cells, data, means_of)}.",
        figure,
        data,
    )


SECTION = Section("robustness", "Robustness", figures=(corruption_figure,))
