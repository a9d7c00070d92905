import pytest

from moco_bench.report.read.results import load_results
from moco_bench.report.sections.accuracy import accuracy_figure
from moco_bench.report.sections.first_screen.figures import interaction_figure
from moco_bench.report.sections.robustness import corruption_figure


def test_means_are_of_one_data_set_and_of_the_same_seeds(tmp_path, synthetic):
    values = synthetic.suite_values(3)
    del values["dataset"]
    values["datasets"] = ["fashion-mnist-5k", "digits"]
    results = load_results(synthetic.write_results(tmp_path, values, missing=("digits/resnet-compact/both/seed2",)))
    for figure in (interaction_figure, accuracy_figure, corruption_figure):
        said = figure(results).alt
        assert "fashion-mnist-5k with resnet-compact: vanilla" in said
        assert "; digits with resnet-compact: vanilla" in said
    done = results.finished[(results.finished["dataset"] == "digits") & (results.finished["seed"] < 2)]
    panel = interaction_figure(results).figure.axes[1]
    thick = next(line for line in panel.lines if line.get_label() == "dual-view loss")
    means = done.groupby("arm")["knn_top1"].mean()
    assert list(thick.get_ydata()) == pytest.approx([means["dual"], means["both"]])
