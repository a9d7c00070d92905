"""False negatives and the share of the gradient, by epoch."""

from moco_bench.report.model.figure import Plot
from moco_bench.report.read.results import Results
from moco_bench.report.render.curves import curves
from moco_bench.report.sections.mechanism.notes import mixed_epochs

FALSE_NEGATIVES = {
    "false_negative_rate_kept": "Of kept negatives",
    "false_negative_rate_dropped": "Of dropped negatives",
}
KEY_GRADIENT = {"key_gradient_share": "Key term's share of the gradient"}


def false_negative_figure(results: Results) -> Plot | None:
    """The part of negatives that has the anchor's own class."""
    mixed = sorted({int(epoch) for epoch in mixed_epochs(results.histories)["epoch"]}) if len(results.histories) else []
    shaded = " Shaded: the epoch in which a filter\u2019s warm-up ends, a mean over both." if mixed else ""
    return curves(
        results,
        FALSE_NEGATIVES,
        "false_negatives",
        "False negatives",
        "Fraction of the negatives that has the anchor\u2019s own class. Labels serve this diagnosis only, never "
        f"training.{shaded}",
        mixed=mixed,
        levels={dataset: level for dataset, _ in results.cells if (level := results.chance(dataset))},
    )


def gradient_figure(results: Results) -> Plot | None:
    """Fraction of the gradient due to the second term of a dual-view loss."""
    return curves(
        results,
        KEY_GRADIENT,
        "gradient_share",
        "Share of the gradient",
        "Fraction of the query\u2019s gradient norm due to the key term: 0 is MoCo, 1 the key term alone.",
        limits=(0.0, 1.0),  # or noise around a half would fill the panel
    )
