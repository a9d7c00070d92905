"""Intervals over seeds and images: what they cover, measured, and read from the files of runs."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.studies.image_coverage import main, simulate_images
from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.evidence import Evidence
from moco_bench.analyse.images import class_differences, two_level_interval
from moco_bench.analyse.intervals import t_interval
from moco_bench.evaluate.outcomes import packed_counts, packed_outcomes

LABELS = torch.arange(40) % 4


def outcomes(wrong):
    """All right but the images in `wrong`."""
    predicted = LABELS.clone()
    predicted[list(wrong)] = (predicted[list(wrong)] + 1) % 4
    return packed_outcomes({"knn_top1": predicted}, LABELS, 4)


@pytest.mark.parametrize("n", [4, 8])
@pytest.mark.parametrize(
    ("seeds", "images", "rest"), [(0.5, 8.0, 20.0), (1.0, 20.0, 20.0), (0.0, 12.0, 5.0), (1.8, 0.0, 20.0)]
)
def test_it_covers_other_seeds_and_images_where_the_seeds_interval_does_not(n, seeds, images, rest):
    found = simulate_images(n, seeds, images, rest, datasets=600, seed=0)
    assert 0.935 <= found.both <= 0.985
    assert found.seeds_alone < found.both or images == 0


@pytest.mark.parametrize("n", [2, 3, 8])
def test_it_is_never_narrower_than_the_seeds_interval(n):
    """It covers more. Where images add nothing, their estimated part is about that of the interaction."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        x = rng.normal(0, 20, (n, 300)) + rng.normal(0, 1.8, (n, 1))
        (low, high), alone = two_level_interval(x), t_interval(x.mean(axis=1))
        assert low <= alone[0] + 1e-9
        assert high >= alone[1] - 1e-9


def test_the_command_prints_the_documentations_table(capsys):
    main(["--seeds", "3"])
    documented = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out.strip() in documented


def test_edges():
    assert np.isnan(two_level_interval(np.ones((1, 9)))).all()
    assert np.isnan(two_level_interval(np.ones((3, 9)))).all()
    equal_seeds = 100.0 * (np.arange(30) < [[6], [6], [6]])
    assert np.isnan(two_level_interval(equal_seeds)).all(), "three seeds of one mean say nothing of other seeds"
    x = np.random.default_rng(0).normal(size=(5, 50))
    assert two_level_interval(x) == pytest.approx(two_level_interval(x[::-1, ::-1]))


def test_effects_have_the_interval_and_classes_their_differences(tmp_path, runs_of):
    runs = runs_of(3, {"vanilla": 0.0, "dual": 2.0})
    for place in runs["directory"]:
        (tmp_path / place).mkdir(parents=True)
        seed = int(place[-1])
        wrong = [0, 4, 8, 12 + seed, *[20] * (seed == 2)] if "/vanilla/" in place else [8, 12 + 2 * seed]
        (tmp_path / place / "metrics.json").write_text(json.dumps({"images": outcomes(wrong)}))
    plan = AnalysisPlan(evidence=Evidence(tmp_path))
    (row,) = effects_of(runs, plan).query("metric == 'knn_top1'").to_dict("records")
    assert row["n_images"] == 40
    assert row["images_low"] < 35 / 6 < row["images_high"], "two or three more of 40 images"
    assert (row["ci_covers"], row["images_ci_covers"]) == (
        "other seeds, on these evaluation images",
        "other seeds and other evaluation images",
    )
    by_class = class_differences(runs, plan).set_index("class")
    assert by_class.loc[0, "estimate"] == pytest.approx(100 * (2 + 2 + 2) / 3 / 10)
    assert by_class["n_images"].tolist() == [10] * 4
    assert (by_class["estimate"] * 10).sum() / 40 == pytest.approx(35 / 6)
    unknown = effects_of(runs).query("metric == 'knn_top1'").iloc[0]
    assert np.isnan(unknown["images_low"])


def test_corrupted_images_have_an_interval_too(tmp_path, runs_of):
    """Each image counts with the part of its versions that were right; the estimate is that of `knn_top1_corrupted`."""
    random, values = np.random.default_rng(0), {}
    for arm, chance in (("vanilla", 0.5), ("dual", 0.7)):
        for seed in range(3):
            right = torch.from_numpy(random.binomial(12, chance, size=60).astype(np.uint8))
            held = {**outcomes([1]), "counts": {"knn_top1_corrupted": packed_counts(right, 12)}}
            values[arm, seed] = right
            place = tmp_path / f"{arm}{seed}"
            place.mkdir()
            (place / "metrics.json").write_text(json.dumps({"images": held}))
    runs = runs_of(3, {"vanilla": 0.0, "dual": 2.0})
    runs["directory"] = [f"{arm}{seed}" for arm, seed in zip(runs["arm"], runs["seed"], strict=True)]
    runs["knn_top1_corrupted"] = [
        100 * float(values[arm, seed].double().mean()) / 12 for arm, seed in zip(runs["arm"], runs["seed"], strict=True)
    ]
    table = effects_of(runs, AnalysisPlan(evidence=Evidence(tmp_path)))
    (row,) = table.query("metric == 'knn_top1_corrupted'").to_dict("records")
    assert row["n_images"] == 60
    assert (row["images_low"] + row["images_high"]) / 2 == pytest.approx(row["estimate"])
    assert 0 < row["images_low"] < row["images_high"] < 30
