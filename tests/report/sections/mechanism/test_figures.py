import numpy as np
import pandas as pd
import pytest

from moco_bench.report.read.results import load_results
from moco_bench.report.sections.mechanism.figures import (
    false_negative_figure,
    gradient_figure,
    mechanism_figure,
    similarity_figure,
)


def test_without_a_rule_nothing_is_dropped(four_seeds):
    dropped = false_negative_figure(four_seeds).data
    assert dropped.loc[dropped["arm"] == "vanilla", "false_negative_rate_dropped"].isna().all()


def test_the_gradients_share_is_that_of_the_histories(four_seeds):
    data = gradient_figure(four_seeds).data
    shares = data.set_index(["arm", "seed", "epoch"])["key_gradient_share"].sort_index()
    for arm, run in (("dual", "dual/seed1"), ("both", "both/seed3")):
        history = pd.read_csv(four_seeds.directory / "runs/fashion-mnist-5k/resnet-compact" / run / "history.csv")
        np.testing.assert_allclose(shares[arm, int(run[-1])], history["key_gradient_share"])
    assert shares["vanilla"].isna().all()
    assert shares["filter"].isna().all()
    assert "dual 0.37, both 0.37" in gradient_figure(four_seeds).alt


def test_mechanism_sets_changes_against_paired_differences(four_seeds):
    data = mechanism_figure(four_seeds).data.set_index(["cause", "arm", "seed"])
    last = four_seeds.histories.groupby(["arm", "seed"]).last()
    top1 = four_seeds.finished.set_index(["arm", "seed"])["knn_top1"]
    rate = "false_negative_rate_kept"
    for arm, seed in (("dual", 0), ("filter", 2), ("both", 3)):
        row = data.loc[(rate, arm, seed)]
        assert row["value"] == pytest.approx(last.loc[(arm, seed), rate] - last.loc[("vanilla", seed), rate])
        assert row["accuracy_difference"] == pytest.approx(top1[arm, seed] - top1["vanilla", seed], abs=1e-6)
    shares = data.loc["key_gradient_share"]
    assert set(shares.index.get_level_values("arm")) == {"dual", "both"}, "arms without a key term have no point"
    assert shares.loc[("both", 1), "value"] == pytest.approx(last.loc[("both", 1), "key_gradient_share"])


def test_mechanism_leaves_out_seeds_that_are_no_pairs(tmp_path, synthetic):
    path = synthetic.write_results(
        tmp_path, synthetic.suite_values(3), missing=("filter/seed2",), shifted=("both/seed1",)
    )
    data = mechanism_figure(load_results(path)).data
    found = set(zip(data["arm"], data["seed"], strict=True))
    assert ("filter", 2) not in found
    assert ("both", 1) not in found
    assert {("dual", 1), ("filter", 1), ("both", 2)} <= found


def test_densities_integrate_to_one(four_seeds):
    data = similarity_figure(four_seeds).data
    mass = (data["density"] * (data["high"] - data["low"])).groupby([data["arm"], data["group"]]).sum()
    assert len(mass) == 4 * 3
    np.testing.assert_allclose(mass, 1)


@pytest.mark.parametrize(
    "found", [None, [], {"counts": 3}, {"edges": [0, 1], "counts": {"positive": [1, 2]}}, {"edges": "ab", "counts": {}}]
)
def test_malformed_histograms_are_left_out(tmp_path, synthetic, found):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(1)))
    for metrics in results.metrics.values():
        metrics["similarities"] = found
    assert similarity_figure(results) is None
