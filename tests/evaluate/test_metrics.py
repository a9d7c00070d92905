import json
import math
from dataclasses import replace

import pytest
import torch

from moco_bench.analyse.outcomes import read_outcomes
from moco_bench.components.augmentations import MocoRecipe
from moco_bench.components.metrics import EffectiveRank, Uniformity
from moco_bench.data.datasets import DataSet, load_dataset
from moco_bench.errors import InputError, RunFailed
from moco_bench.evaluate.features import embed
from moco_bench.evaluate.knn import knn_predict, percent_correct
from moco_bench.evaluate.metrics import evaluate_encoder, measured
from moco_bench.models import Encoder, build_encoder
from moco_bench.suite.config import DatasetConfig, EncoderConfig, EvaluateConfig, ProbeConfig

CONFIG = EvaluateConfig(knn_k=15, probe=ProbeConfig(c_values=(0.1,)), neighbours=3)
KEYS = {
    "evaluated_on",
    "images",
    "knn_top1",
    "knn_top1_projection",
    "linear_top1",
    "linear_c",
    "linear_holdout_top1",
    "alignment",
    "uniformity",
    "effective_rank",
    "similarities",
    "corruptions",
    "knn_top1_corrupted",
    "neighbours",
}


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_dataset(DatasetConfig(name="digits", train_limit=300, test_limit=150))


def untrained(seed: int = 0) -> Encoder:
    return build_encoder(
        EncoderConfig(name="resnet-compact", width=8, dimension=8), channels=1, image_size=8, seed=seed
    )


def evaluate(dataset: DataSet, config: EvaluateConfig = CONFIG, encoder: Encoder | None = None, **changes):
    arguments = {"augment": MocoRecipe(crop_scale=(0.5, 1.0)), "seed": 0, "device": "cpu", **changes}
    return evaluate_encoder(encoder or untrained(), dataset, config, **arguments)


@pytest.fixture(scope="module")
def metrics(digits):
    return evaluate(digits)


def test_metrics_are_plain_json_with_the_documented_keys(metrics):
    assert set(metrics) == KEYS
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    assert metrics["evaluated_on"] == "test"
    for name in ("knn_top1", "knn_top1_projection", "linear_top1"):
        right = sum(metrics["images"]["class_correct"][name])
        assert metrics[name] == pytest.approx(100 * right / metrics["images"]["count"])
    assert 0 < metrics["alignment"] < 4
    assert metrics["uniformity"] < 0
    assert [len(row) for row in metrics["neighbours"]["neighbours"]] == [8, 8, 8]


def test_metrics_are_those_of_the_functions(metrics, digits):
    settings = {"mean": digits.mean, "std": digits.std, "batch_size": 500, "device": "cpu"}
    bank = embed(untrained(), digits.train.images, **settings)
    queries = embed(untrained(), digits.evaluation.images, **settings)
    labels = digits.train.labels, digits.evaluation.labels
    for name, features in (("knn_top1", "backbone"), ("knn_top1_projection", "projection")):
        sides = getattr(bank, features), labels[0], getattr(queries, features)
        assert metrics[name] == percent_correct(knn_predict(*sides, k=15, temperature=0.1, class_count=10), labels[1])
    assert metrics["knn_top1"] != metrics["knn_top1_projection"]
    found = measured((Uniformity(), EffectiveRank()), bank, queries, digits, CONFIG, seed=0)
    assert found == {name: metrics[name] for name in ("uniformity", "effective_rank")}


def test_the_corrupted_accuracy_is_the_mean_over_kinds_and_strengths(metrics):
    assert set(metrics["corruptions"]) == {"noise", "blur", "contrast", "occlusion"}
    assert all(set(strengths) == {"1", "2", "3"} for strengths in metrics["corruptions"].values())
    values = [top1 for strengths in metrics["corruptions"].values() for top1 in strengths.values()]
    assert metrics["knn_top1_corrupted"] == pytest.approx(math.fsum(values) / 12)
    by_image = read_outcomes(metrics).correct["knn_top1_corrupted"]
    assert 100 * by_image.mean() == pytest.approx(metrics["knn_top1_corrupted"])
    assert 0 < by_image.std() < 0.5
    assert min(values) < metrics["knn_top1"]


def test_equal_arguments_give_equal_metrics_and_leave_the_global_generator_alone(metrics, digits):
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    assert evaluate(digits) == metrics
    assert torch.equal(torch.rand(3), expected)


def test_the_seed_draws_views_but_not_the_corrupted_images(metrics, digits):
    other = evaluate(digits, seed=1)
    assert other["alignment"] != metrics["alignment"]
    assert other["similarities"] != metrics["similarities"]
    for name in ("knn_top1", "corruptions", "effective_rank", "neighbours"):
        assert other[name] == metrics[name]


STILL = MocoRecipe(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=0.0, jitter_probability=0.0, grayscale=0.0)


def test_views_that_are_the_images_are_aligned_and_similar(digits):
    found = evaluate(digits, augment=STILL)
    assert found["alignment"] == pytest.approx(0, abs=1e-6)
    assert found["similarities"]["counts"]["positive"][-1] == 150


def test_the_images_that_are_viewed_are_of_all_classes(digits, monkeypatch):
    """The evaluation split may be sorted by class, as folders of images are."""
    order = digits.evaluation.labels.argsort()
    sorted_by_class = replace(digits, evaluation=digits.evaluation[order])
    monkeypatch.setattr("moco_bench.evaluate.metrics.VIEWED_IMAGES", 20)
    counts = evaluate(sorted_by_class)["similarities"]["counts"]
    assert {kind: sum(of) for kind, of in counts.items()} == {
        "positive": 20, "same_class": 20, "other_class": 360
    }  # fmt: skip


def test_corruptions_and_neighbours_can_be_left_out(digits):
    found = evaluate(digits, CONFIG.model_copy(update={"corruptions": False, "neighbours": 0}))
    assert set(found) == KEYS
    assert (found["corruptions"], found["knn_top1_corrupted"]) == ({}, None)
    assert found["neighbours"]["queries"] == []


def test_more_neighbours_than_images_are_refused(digits):
    with pytest.raises(InputError, match=r"evaluate.knn_k is 301, but digits has 300 training images"):
        evaluate(digits, CONFIG.model_copy(update={"knn_k": 301}))


def test_embeddings_that_are_not_finite_end_the_run_with_a_reason(digits):
    encoder = untrained()
    with torch.no_grad():
        encoder.head.weight[0, 0] = math.nan
    with pytest.raises(RunFailed, match="aren't finite"):
        evaluate(digits, encoder=encoder)


def test_only_as_many_images_are_corrupted_as_the_settings_say(digits):
    """With 150 evaluation images and 100 asked for, accuracies are multiples of a hundredth."""
    limited = evaluate(digits, CONFIG.model_copy(update={"corruption_images": 100}))["corruptions"]
    whole = evaluate(digits)["corruptions"]

    accuracies = [top1 for strengths in limited.values() for top1 in strengths.values()]
    assert all(top1 == round(top1) for top1 in accuracies)
    assert limited != whole
