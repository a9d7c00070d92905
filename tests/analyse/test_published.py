from pathlib import Path

import pytest

from moco_bench.analyse.published import agreement, published
from moco_bench.components.augmentations import MocoRecipe
from moco_bench.suite.identity.run import pretraining_identity
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def vanilla():
    run = next(run for run in expand(load_suite(CONFIG / "cifar10.yaml")) if run.arm == "vanilla")
    own = pretraining_identity(
        dataset=run.dataset, encoder=run.encoder, contrast=run.contrast, train=run.train, seed=run.seed
    )
    return {**own, "evaluate": run.evaluate.model_dump(mode="json")}


def agreeing(runs):
    """The published numbers that some of `runs` can be held against, with what came of it."""
    rows = published().to_dict("records")
    return {row["top1"]: found for row in rows if (found := agreement(row, runs)) is not None}


def test_the_demo_suite_is_held_against_the_demos_number(vanilla):
    runs = [(vanilla, {"knn_top1_projection": value, "knn_top1": 99.0}) for value in (82.0, 83.0)]
    assert list(agreeing(runs)) == ["82.58"]
    found = agreeing(runs)["82.58"]
    assert (found.ours, found.runs, found.passed) == (82.5, 2, True)


@pytest.mark.parametrize(("ours", "passed"), [(81.6, True), (83.5, True), (81.5, False), (83.7, False)])
def test_it_passes_within_a_point(vanilla, ours, passed):
    assert agreeing([(vanilla, {"knn_top1_projection": ours})])["82.58"].passed is passed


@pytest.mark.parametrize(
    ("section", "changes"),
    [
        ("train", {"epochs": 199}),
        ("train", {"stop_after_epochs": 10}),
        ("train", {"batch_size": 256}),
        ("contrast", {"temperature": 0.2}),
        ("contrast", {"queue_size": 8192}),
        ("contrast", {"loss_scale": 0.5}),
        ("contrast", {"mask_same_sample": True}),
        ("train", {"learning_rate": 0.03}),
        ("train", {"schedule": "cosine-step"}),
        ("train", {"precision": "bfloat16"}),
        ("encoder", {"batch_norm_groups": 1}),
        ("dataset", {"normalise": None}),
        ("contrast", {"dual_view": "key-in-batch"}),
        ("contrast", {"negatives": {"rule": "hardest", "fraction": 0.25}}),
        ("encoder", {"head": "mlp"}),
        ("encoder", {"dimension": 64}),
        ("dataset", {"validation": 0.1}),
        ("dataset", {"train_limit": 5000}),
        ("dataset", {"name": "cifar100"}),
        ("train", {"augment": MocoRecipe(crop_scale=(0.2, 1.0)).model_dump(mode="json")}),
        ("train", {"augment": {"name": "of-a-plug-in"}}),
        ("evaluate", {"knn_k": 20}),
        ("evaluate", {"knn_temperature": 0.07}),
    ],
)
def test_another_protocol_is_held_against_nothing(vanilla, section, changes):
    other = {**vanilla, section: {**vanilla[section], **changes}}
    assert agreeing([(other, {"knn_top1_projection": 82.58})]) == {}


def test_other_published_runs_of_the_demo_are_found_by_their_epochs_and_loss(vanilla):
    longer = {
        **vanilla,
        "train": {**vanilla["train"], "epochs": 800},
        "contrast": {**vanilla["contrast"], "dual_view": "symmetric", "combine": "sum"},
    }
    mean = {**longer, "contrast": {**longer["contrast"], "combine": "mean"}}
    assert agreeing([(mean, {"knn_top1_projection": 89.5})]) == {}, "the demo adds its two terms"
    found = agreeing([(longer, {"knn_top1_projection": 89.5, "linear_top1": 85.0})])
    assert {top1: each.passed for top1, each in found.items()} == {"89.7": True, "90.7": False}


def test_a_run_without_the_metric_is_no_evidence(vanilla):
    assert agreeing([(vanilla, {"knn_top1_projection": None}), (vanilla, {})]) == {}
