"""One figure of the study: what each idea changes in kNN accuracy against vanilla, by the stored effects."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from moco_bench.report.model.page import Plot
from moco_bench.report.render.figures import as_svg, grid, theme
from moco_bench.report.render.style import INK, MUTED, PAPER, arm_styles

PANELS = (
    ("cifar10-cpu", "epochs", "The 2x2 on CIFAR-10"),
    ("one-rate", "epochs", "The 2x2 on CIFAR-10, one learning rate"),
    ("cifar100-cpu", "epochs", "The 2x2 on CIFAR-100"),
    ("second-setting", "epochs", "The 2x2 on CIFAR-10, K 1,024, temperature 0.2"),
    ("quickstart", "epochs", "The 2x2 on the quickstart's images"),
    ("readings", "flops", "Readings of the dual-view loss, equal compute"),
    ("negatives", "epochs", "Rules for negatives"),
    ("literature", "flops", "Published ideas, equal compute"),
)
"""Suite, budget and title of each panel, in reading order; one without effects is left out."""

IMAGES = {"test": "test images", "validation": "held-out images"}
ROW_HEIGHT, HEAD_HEIGHT = 0.2, 0.62  # inches: one arm; a panel's title and axis


def study_figure(stored: Path) -> str:
    """SVG with one panel per stored suite: difference from vanilla in points of kNN accuracy, 95 % interval, margin."""
    panels = [(title, differences(stored / suite, budget)) for suite, budget, title in PANELS]
    panels = [(title, rows) for title, rows in panels if len(rows)]
    with theme("study"):
        heights = [HEAD_HEIGHT + ROW_HEIGHT * len(rows) for _, rows in panels]
        figure, axes = grid(
            len(panels), 1, row_height=sum(heights) / len(heights), sharex=True, gridspec_kw={"height_ratios": heights}
        )
        for panel, (title, rows) in zip(axes[:, 0], panels, strict=True):
            _forest(panel, rows)
            panel.set_title(f"{title} · {_seeds(rows)}, {IMAGES[rows['images'].iloc[0]]}")
        axes[-1, 0].set_xlabel(
            "points of kNN accuracy against vanilla: mean over paired seeds, 95 % interval; grey: margin"
        )
        data = pd.concat([rows for _, rows in panels])
        svg = as_svg(Plot(name="study", caption="", alt="", figure=figure, data=data))
    return svg.replace("<svg ", f'<svg style="background: {PAPER}" ', 1)  # a README may be dark


def differences(suite: Path, budget: str) -> pd.DataFrame:
    """One row per arm with an interval; empty if nothing is stored.

    Columns: arm, estimate, low, high, margin, seeds, pending (seeds that the suite still waits for), images.
    """
    if not (suite / "effects.csv").exists() or not (suite / "runs").is_dir():
        return pd.DataFrame()
    effects = pd.read_csv(suite / "effects.csv")
    known = (effects["metric"] == "knn_top1") & (effects["budget"] == budget) & effects["ci_low"].notna()
    own = effects[known & (effects["kind"] == "arm")].rename(columns={"treatment": "arm"})
    runs = pd.read_csv(suite / "runs.csv")
    own["images"] = runs["evaluated_on"].dropna().iloc[0] if len(own) else ""
    own = own.rename(columns={"ci_low": "low", "ci_high": "high", "n_seeds": "seeds", "n_pending": "pending"})
    return own[["arm", "estimate", "low", "high", "margin", "seeds", "pending", "images"]].reset_index(drop=True)


def _seeds(rows: pd.DataFrame) -> str:
    done, pending = int(rows["seeds"].max()), int(rows["pending"].max())
    return f"{done} of {done + pending} seeds" if pending else f"{done} seeds"


def _forest(panel: Axes, rows: pd.DataFrame) -> None:
    """Arms from top to bottom in the suite's order, each in its own colour."""
    margin = float(rows["margin"].iloc[0])
    panel.axvspan(-margin, margin, color=MUTED, alpha=0.15, linewidth=0)
    panel.axvline(0, color=INK, linewidth=0.8)
    styles = arm_styles(list(rows["arm"]))
    for place, row in rows.iterrows():
        style = styles[row["arm"]]
        panel.plot([row["low"], row["high"]], [place, place], color=style.colour)
        panel.plot(row["estimate"], place, marker=style.marker, color=style.colour)
    panel.set_yticks(range(len(rows)), rows["arm"])
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.grid(axis="y", visible=False)
