"""A results directory with invented numbers, for tests only: every effect in it is put there by this file."""

import copy
import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from moco_bench.analyse.collect import collect
from moco_bench.analyse.write import write_table
from moco_bench.files import sealed
from moco_bench.suite.equal_compute import cost_row, known_runs, pairs_of
from moco_bench.suite.identity.analysis import RECORDED_AS, analysis_fingerprint
from moco_bench.suite.load import parse_suite
from moco_bench.suite.on_disk.hashes import describe_files
from moco_bench.suite.runs import Run

ARMS: dict[str, Any] = {
    "vanilla": None,
    "dual": {"contrast": {"dual_view": "key-in-batch"}},
    "filter": {"contrast": {"negatives": {"rule": "hardest", "fraction": 0.25}}},
    "both": {
        "contrast": {"dual_view": "key-in-batch", "negatives": {"rule": "hardest", "fraction": 0.25}},
    },
}
GAINS = {"vanilla": 0.0, "dual": 1.9, "filter": -0.35, "both": 1.7}
CORRUPTIONS = ("noise", "blur", "contrast", "occlusion")


def suite_values(seeds: int = 3, epochs: int = 12, **changes: Any) -> dict[str, Any]:
    """The plain values of a small suite."""
    return {
        "name": "synthetic",
        "description": "Invented numbers; nothing was trained.",
        "dataset": {"name": "fashion-mnist-5k"},
        "encoder": {"name": "resnet-compact", "width": 16},
        "contrast": {"queue_size": 1024, "temperature": 0.1},
        "train": {"epochs": epochs, "batch_size": 128, "learning_rate": 0.06},
        "seeds": list(range(seeds)),
        "arms": copy.deepcopy(ARMS),
        "analysis": {"claims": "abstract"},
        **changes,
    }


def write_results(
    root: Path,
    values: dict[str, Any] | None = None,
    *,
    gains: dict[str, float] | None = None,
    missing: tuple[str, ...] = (),
    failed: tuple[str, ...] = (),
    foreign: tuple[str, ...] = (),
    shifted: tuple[str, ...] = (),
    drifted: tuple[str, ...] = (),
    costs: dict[str, float] | None = None,
    floors: bool = True,
    spread: float = 0.45,
) -> Path:
    """Write `root`/NAME as a workflow would have; returns that directory.

    `missing`, `failed`, `foreign` (something else ran), `shifted` (another augmentation stream) and `drifted` (other
    weights than the same seed had before) list endings of run identifiers such as "both/seed1". `costs` are those of
    the arms beside the baseline's, for a suite with budgets.
    """
    values = values or suite_values()
    suite = parse_suite(values, "synthetic")
    directory = root / suite.name
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "suite.yaml").write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    if costs is not None:
        pairs = [(pair, budget) for pair in pairs_of(suite) for budget in suite.budgets if budget != "epochs"]
        prices = {arm: {"relative": costs.get(arm, 1.0), "foreign_load": 0.02} for arm in suite.arms}
        rows = [cost_row(pair, budget, prices[pair.run.arm]) for pair, budget in pairs]
        _dump(directory / "costs.json", {"costs": rows})
    runs = known_runs(suite, root)
    analysis = analysis_fingerprint(suite)
    marks = {"failed": failed, "foreign": foreign, "shifted": shifted, "drifted": drifted}
    for run in runs:
        if not run.id.endswith(missing or ("/none",)):
            marked = {name: run.id.endswith(endings or ("/none",)) for name, endings in marks.items()}
            _write_run(run, root, gains or GAINS, spread, analysis, marked)
    if floors:
        for dataset in {run.dataset.title: run for run in runs}.values():
            _write_floors(directory, dataset)
    collect_again(directory, values)
    return directory


def collect_again(directory: Path, values: dict[str, Any]) -> None:
    """Write the table of runs of what `write_results` wrote to `directory`, changed since, as if made so."""
    for place in directory.glob("runs/*/*/*/*"):
        record, metrics = place / "run.json", place / "metrics.json"
        _dump(record, {**json.loads(record.read_text()), "files": describe_files(place)}, seal=True)
        if metrics.exists():
            _dump(metrics, json.loads(metrics.read_text()), seal=True)
    runs = known_runs(parse_suite(values, "synthetic"), directory.parent)
    write_table(directory / "runs.csv", collect(runs, directory.parent))


def _write_run(
    run: Run, root: Path, gains: dict[str, float], spread: float, analysis: str, marked: dict[str, bool]
) -> None:
    failed, foreign = marked["failed"], marked["foreign"]
    directory = run.directory(root)
    directory.mkdir(parents=True, exist_ok=True)
    shared = np.random.default_rng([run.seed, len(run.dataset.title)])
    own = np.random.default_rng([run.seed, *run.arm.encode(), *run.dataset.title.encode()])
    base = 80.0 + shared.normal(0, 0.8)
    top1 = base + gains.get(run.arm, 0.0) + own.normal(0, spread)
    history = _history(run, own, top1, failed)
    with open(directory / "history.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(history[0]))
        writer.writeheader()
        writer.writerows(history)
    filtered = run.arm in ("filter", "both")
    rate = 1450 * (0.97 if run.arm in ("dual", "both") else 1.0) * (0.93 if filtered else 1.0) + own.normal(0, 15)
    _dump(
        directory / "resources.json",
        {
            "images_per_second": rate,
            "step_ms_median": 128_000 / rate,
            "step_ms_quartiles": [126_000 / rate, 131_000 / rate],
            "train_seconds": 5000 * len(history) / rate,
            "peak_memory_mib": 812 + 9 * filtered + 4 * (run.arm in ("dual", "both")) + own.normal(0, 2),
            "memory_source": "process rss",
            "peak_reserved_mib": None,
            "exclusive": not foreign,
            "foreign_load": 0.4 if foreign else 0.01,
            "device": "cpu",
            "precision": "bfloat16",
        },
    )
    (directory / "encoder.safetensors").write_bytes(f"weights of {run.id}\n".encode())
    _dump(
        directory / "run.json",
        {
            "suite": run.suite,
            "arm": run.arm,
            "dataset": run.dataset.title,
            "encoder": run.encoder.title,
            "seed": run.seed,
            "replicate": run.replicate,
            "status": "failed" if failed else "done",
            "reason": "the loss became NaN in epoch 3" if failed else None,
            "fingerprint": run.fingerprint,
            "protocol": 1,
            "config": {
                "dataset": run.dataset.model_dump(mode="json"),
                "encoder": run.encoder.model_dump(mode="json"),
                "contrast": run.contrast.model_dump(mode="json"),
                "train": run.train.model_dump(mode="json"),
            },
            "data": {
                "name": run.dataset.title,
                "sha256": "a" * 64,
                "classes": [str(i) for i in range(10)],
                "train_images": 5000,
                "evaluation_images": 1000,
                "evaluated_on": "test",
                "image_shape": [1, 28, 28],
                "mean": [0.286],
                "std": [0.353],
            },
            "versions": {
                "python": "3.11.9", "moco-bench": "0.1.0", "torch": "2.6.0", "torchvision": "0.21.0", "numpy": "2.1.0",
                "pandas": "2.2.3", "scikit-learn": "1.5.2", "snakemake": "9.10.0",
            },
            "machine": {
                "cpu": "Synthetic CPU @ 2.0 GHz", "cores": 2, "memory_gib": 8.0,
                "instructions": "AVX512", "bfloat16": "amx", "gpus": ["Synthetic GPU", "Synthetic GPU"],
                "os": "Linux x86_64",
            },
            "device": "cpu",
            "precision": "bfloat16",
            "threads": 1,
            "compiled": "eager",
            "hashes": {
                "init": f"{run.seed:02d}" + "1" * 62,
                "order": f"{run.seed:02d}" + "2" * 62,
                "augment": ("ff" if marked["shifted"] else f"{run.seed:02d}") + "3" * 62,
                "encoder": ("ff" if marked["drifted"] else f"{run.seed:02d}") + "4" * 62,
            },
            RECORDED_AS: analysis,
            "attempts": [{"start_step": 0}],
            "steps": len(history) * 39,
            "epochs": len(history),
            "shared_from": None,
            "files": describe_files(directory),
        },
        seal=True,
    )  # fmt: skip
    if failed:
        return
    corrupted = {
        kind: {str(level): top1 - 6 * level - 2 * place + own.normal(0, 0.4) for level in (1, 2, 3)}
        for place, kind in enumerate(CORRUPTIONS)
    }
    _dump(
        directory / "metrics.json",
        {
            "evaluation_fingerprint": run.evaluation_fingerprint,
            "evaluated_on": "test",
            "knn_top1": top1,
            "knn_top1_projection": top1 - 3.1 + own.normal(0, 0.2),
            "linear_top1": top1 + 4.2 + own.normal(0, 0.3),
            "linear_c": 0.3,
            "linear_holdout_top1": top1 + 4.0,
            "alignment": 0.31 + own.normal(0, 0.01),
            "uniformity": -2.6 - 0.1 * (run.arm != "vanilla"),
            "effective_rank": 41 + own.normal(0, 1),
            "corruptions": corrupted,
            "knn_top1_corrupted": float(np.mean([v for kind in corrupted.values() for v in kind.values()])),
            "similarities": {
                "edges": [-1.0, -0.5, 0.0, 0.5, 1.0],
                "counts": {"positive": [0, 1, 20, 79], "same_class": [5, 35, 40, 20], "other_class": [20, 60, 18, 2]},
            },
            "neighbours": {
                "queries": [0, 100, 200, 300, 400, 500],
                "neighbours": [[500 * label + rank for rank in range(8)] for label in range(6)],
                "query_labels": [0, 1, 2, 3, 4, 5],
                "neighbour_labels": [[label] * 7 + [9] for label in range(6)],
            },
        },
        seal=True,
    )


def _history(run: Run, own: np.random.Generator, top1: float, failed: bool) -> list[dict[str, Any]]:
    epochs = 3 if failed else run.train.epochs
    filtered, dual = run.arm in ("filter", "both"), run.arm in ("dual", "both")
    rows = []
    for epoch in range(1, epochs + 1):
        loss = 3.2 + 3.4 * math.exp(-epoch / 4) - 0.01 * top1 - 0.8 * filtered + own.normal(0, 0.02)
        rows.append(
            {
                "epoch": epoch,
                "step": epoch * 39,
                "train_loss": "" if failed and epoch == epochs else loss,
                "query_loss": loss + 0.1,
                "key_loss": loss - 0.1 if dual else "",
                "learning_rate": 0.03 * (1 + math.cos(math.pi * epoch / run.train.epochs)),
                "positive_similarity": 0.6 + 0.02 * epoch,
                "negative_similarity": 0.35 - 0.02 * epoch + 0.2 * filtered,
                "false_negative_rate_kept": 0.10 + 0.012 * epoch * filtered,
                "false_negative_rate_dropped": 0.10 - 0.004 * epoch if filtered else "",
                "key_gradient_share": 0.25 + 0.01 * epoch if dual else "",
                "embedding_std": 0.07,
                "images_per_second": 1450,
                "seconds": 3.4,
            }
        )
    return rows


def _write_floors(directory: Path, run: Run) -> None:
    _dump(
        directory / "floors" / f"{run.dataset.title}.json",
        {
            "pixels": {"knn_top1": 77.5, "linear_top1": 80.9},
            "random_encoder": {
                run.encoder.title: {
                    str(seed): {"knn_top1": 50.2 + seed, "knn_top1_projection": 47.0, "linear_top1": 61.0}
                    for seed in (0, 1, 2)
                }
            },
        },
    )


def _dump(path: Path, value: Any, *, seal: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    value = sealed(value) if seal else value
    path.write_text(json.dumps(value, indent=1, allow_nan=False), encoding="utf-8")
