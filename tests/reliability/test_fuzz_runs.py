"""Whatever `plan` accepts runs: a step of training and an evaluation, or one line that says why not; no traceback.

Suites of odd but possible settings on digits, or on a user's own images of odd but possible kinds.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moco_bench.data.datasets import load_described
from moco_bench.errors import InputError, RunFailed
from moco_bench.evaluate.metrics import check_evaluation
from moco_bench.evaluate.stored import store_evaluation
from moco_bench.files import read_json
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand
from moco_bench.train.loop import check_training
from moco_bench.train.pretrain import pretrain, write_results

IN_CI, IN_SOAK = 25, int(os.environ.get("MOCO_BENCH_RUNS", "500"))


def some(draw: st.DrawFn, options: dict[str, Any]) -> dict[str, Any]:
    """Some of these keys, each with one of its values."""
    keys = draw(st.sets(st.sampled_from(sorted(options)), max_size=5))
    return {key: draw(st.sampled_from(options[key])) for key in sorted(keys)}


def rules(batch: int) -> list[Any]:
    counts = (1, batch - 1, batch, 2 * batch)
    counting = ("hardest", "easiest", "random", "drop-hardest")
    return [
        "all",
        *counting,
        *({"rule": rule, "count": count} for rule in counting for count in counts if count > 0),
        *({"rule": rule, "fraction": part} for rule in counting for part in (1e-9, 0.5, 0.99, 1.0)),
        *(
            {"rule": "band", "inner": inner, "outer": outer}
            for inner in (0.0, 0.5, 0.99)
            for outer in (1e-9, 0.51, 1.0)
        ),
        *({"rule": "threshold", "similarity": value} for value in (-1.0, 0.0, 1.0)),
        {"rule": "threshold", "similarity": 0.5, "minimum": batch},
    ]


@st.composite
def small_suites(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A suite of one run that takes a moment, and the arrays of the user's images, if it is about such."""
    arrays = draw(st.none() | own_images())
    batch = draw(st.sampled_from((2, 3, 4, 16)))
    dataset = {"name": "digits", "train_limit": 40, "test_limit": draw(st.sampled_from((10, 11, 40)))}
    if arrays is not None:
        dataset = {
            "name": "npz",
            **some(draw, {"validation": [0.1, 0.5], "image_size": [8, 9, 16], "test_limit": [1, 2]}),
        }
    encoder = some(
        draw,
        {
            "head": ["linear", "mlp", "mlp-bn"],
            "dimension": [2, 3, 64],
            "depth": [1, 2],
            "stem": ["conv3", "patch2"],
            "batch_norm_groups": [1, 2, 8],
        },
    )
    contrast = some(
        draw,
        {
            "temperature": [1e-9, 0.07, 1e9],
            "momentum": [0.0, 0.999],
            "dual_view": ["none", "key-anchored", "key-in-batch", "symmetric", "query-queue", "scaled-positive"],
            "key_weight": [0.0, 0.5, 0.99],
            "negatives": rules(batch),
            "mask_same_sample": [True, False],
            "enqueue": ["one-view", "both-views"],
            "filter_warmup_steps": [0, 1, 5],
        },
    )
    train = some(
        draw,
        {
            "optimiser": ["sgd", "adamw"],
            "learning_rate": [1e-9, 1000.0],
            "weight_decay": [0.0, 10.0],
            "schedule": ["cosine-step", "cosine-epoch", "constant"],
            "precision": ["float32", "bfloat16", "float16"],
            "channels_last": [True, False],
            "augment": [
                {"crop_scale": [1e-9, 1e-9]},
                {"crop_ratio": [1e-9, 1e9]},
                {"blur": 1.0, "solarize": 1.0},
                {"hue": 0.5},
            ],
        },
    )
    evaluate = some(
        draw,
        {
            "knn_k": [1, 2, 40],
            "knn_temperature": [1e-9, 1e9],
            "corruptions": [True, False],
            "neighbours": [0, 64],
            "batch_size": [1, 7],
        },
    )
    probe = some(
        draw,
        {"c_values": [[1e-6], [1e6], [1e-6, 1e6]], "holdout": [0.05, 0.5]},
    )
    return {
        "name": "odd",
        "dataset": dataset,
        "encoder": {"name": "resnet-compact", "width": 8, **encoder},
        "contrast": {"queue_size": batch * draw(st.sampled_from((1, 2))), **contrast},
        "train": {"batch_size": batch, "epochs": 1, "compile": "never", "device": "cpu", **train},
        "evaluate": {"knn_k": 1, **evaluate, "probe": probe},
        "arms": {"vanilla": None},
    }, arrays  # fmt: skip


@st.composite
def own_images(draw: st.DrawFn) -> dict[str, Any]:
    """Few images of few classes: some of one grey, classes of one image, splits of one image."""
    generator = np.random.default_rng(draw(st.integers(0, 9)))
    classes, side, channels = draw(st.integers(2, 4)), draw(st.sampled_from((8, 9, 12))), draw(st.sampled_from((1, 3)))
    arrays = {}
    for split, least in (("train", classes), ("test", 1)):
        count = draw(st.integers(least, 12))
        arrays[f"y_{split}"] = np.arange(count) % classes
        arrays[f"x_{split}"] = generator.integers(0, 256, (count, side, side, channels), dtype=np.uint8)
        if draw(st.booleans()):
            arrays[f"x_{split}"][:] = draw(st.sampled_from((0, 255)))
    return arrays


def check(raw: dict[str, Any], arrays: dict[str, Any] | None, folder: Path) -> str:
    """Load, train, write down and evaluate as `pretrain` does; in one word what came of it."""
    if arrays is not None:
        np.savez(folder / "own.npz", **arrays)
        raw["dataset"]["path"] = str(folder / "own.npz")
    (folder / "odd.yaml").write_text(yaml.safe_dump(raw, sort_keys=False))
    try:
        (run,) = expand(load_suite(folder / "odd.yaml"))
        dataset = load_described(run.dataset, folder / "no-manifest.json")
        check_evaluation(dataset, run.evaluate)
        check_training(run, dataset)
    except InputError:
        return "refused"
    checkpoints = folder / "checkpoints"
    for left in checkpoints.glob("*"):
        left.unlink()
    # From here on there is nothing to refuse: a run is done, or has failed with its reason.
    trained = pretrain(run, dataset, checkpoints)
    ended = "failed" if trained.reason else "done"
    if ended == "done":
        try:
            store_evaluation(run, trained.encoder, dataset, trained.numerics.device, checkpoints)
            read_json(run.stored_evaluation(checkpoints))
        except RunFailed as failure:
            trained.state.progress.failed = str(failure)
            ended = "failed"
    write_results(trained, folder / "run")
    assert read_json(folder / "run" / "run.json")["status"] == ended
    return ended


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("odd")


def examples(count: int) -> settings:
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


@examples(IN_CI)
@given(small_suites())
def test_what_is_accepted_runs(folder: Path, case: Any) -> None:
    check(*case, folder)


@pytest.mark.soak
@examples(IN_SOAK)
@given(small_suites())
def test_hundreds_of_accepted_suites_run(folder: Path, case: Any) -> None:
    check(*case, folder)


def test_the_plainest_of_these_suites_is_done(folder: Path) -> None:
    raw = {
        "name": "odd",
        "dataset": {"name": "digits", "train_limit": 40, "test_limit": 10},
        "encoder": {"name": "resnet-compact", "width": 8},
        "contrast": {"queue_size": 4},
        "train": {"batch_size": 4, "epochs": 1, "device": "cpu"},
        "evaluate": {"knn_k": 1},
        "arms": {"vanilla": None},
    }
    assert check(raw, None, folder) == "done"
