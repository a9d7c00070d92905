"""Choose the compact encoder by measurement: the best held-out kNN after equal compute.

    python tools/choose_encoder.py --root data [--minutes 6] [--only w32-patch2 ...]

Every candidate trains vanilla MoCo on CIFAR-10 (its recipe is `config/cifar10-cpu.yaml`) for the same number of
processor minutes on one thread, six being three minutes of two cores, with a cosine schedule over that time. Processor
time depends less than time on the wall on what else the machine does. Judged by kNN on a tenth of the training split
that is held out; the test split is not looked at. Ends with a table in Markdown.
"""

import argparse
import json
import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from moco_bench.data.datasets import DataSet, load_dataset
from moco_bench.evaluate.features import embed
from moco_bench.evaluate.knn import knn_top1
from moco_bench.profile.stepper import Stepper
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import Run, expand

RECIPE = Path(__file__).parents[1] / "config" / "cifar10-cpu.yaml"
CANDIDATES: dict[str, dict[str, Any]] = {
    f"w{width}-{stem}" + ("-deep" if depth == 2 else ""): {"width": width, "depth": depth, "stem": stem}
    for width, depth, stem in (
        (16, 1, "conv3"),
        (16, 1, "patch2"),
        (16, 2, "patch2"),
        (24, 1, "patch2"),
        (32, 1, "conv3"),
        (32, 1, "patch2"),
        (32, 2, "patch2"),
        (48, 1, "patch2"),
        (64, 1, "patch2"),
    )
}
NEIGHBOURS, TEMPERATURE = 200, 0.1


def main(words: list[str] | None = None) -> int:
    """Train every candidate and print the table, best first."""
    parser = argparse.ArgumentParser(description="Choose the compact encoder by held-out kNN at equal compute.")
    parser.add_argument("--root", default="data", help="folder of CIFAR-10 (data)")
    parser.add_argument("--minutes", type=float, default=6.0, help="processor minutes of training a candidate (6)")
    parser.add_argument(
        "--only", nargs="*", choices=CANDIDATES, default=list(CANDIDATES), help="some of the candidates"
    )
    parser.add_argument("--json", action="store_true", help="print a line of JSON a candidate, as it is done")
    options = parser.parse_args(words)
    base = expand(load_suite(RECIPE))[0]
    dataset_config = base.dataset.model_copy(update={"root": options.root, "validation": 0.1})
    dataset = load_dataset(dataset_config)
    rows = []
    for name in options.only:
        run = replace(base, dataset=dataset_config, encoder=base.encoder.model_copy(update=CANDIDATES[name]))
        rows.append({"name": name, **_train(run, dataset, 60 * options.minutes)})
        print(
            json.dumps(rows[-1]) if options.json else name, file=sys.stdout if options.json else sys.stderr, flush=True
        )
    if not options.json:
        print(table(rows))
    return 0


def table(rows: list[dict[str, Any]]) -> str:
    """Candidates in Markdown, best first."""
    lines = ["| encoder | parameters | images/s, one thread | epochs | held-out kNN |", "|---|---:|---:|---:|---:|"]
    for row in sorted(rows, key=lambda row: -row["knn_top1"]):
        figures = (f"{row['parameters'] / 1000:.0f} k", f"{row['images_per_second']:.0f}", f"{row['epochs']:.1f}")
        lines.append(f"| {' | '.join((row['name'], *figures, format(row['knn_top1'], '.1f')))} |")
    return "\n".join(lines)


def _train(run: Run, dataset: DataSet, seconds: float) -> dict[str, Any]:
    stepper = Stepper(run, dataset, "cpu")
    began, spent, steps = time.process_time(), 0.0, 0
    while spent < seconds:
        rate = run.train.learning_rate * 0.5 * (1 + math.cos(math.pi * spent / seconds))
        stepper.run = replace(run, train=run.train.model_copy(update={"learning_rate": rate}))
        stepper.step()
        spent, steps = time.process_time() - began, steps + 1
    images = steps * run.train.batch_size
    encoder = stepper.state.query_encoder
    return {
        "parameters": sum(parameter.numel() for parameter in encoder.backbone.parameters()),
        "images_per_second": images / spent,
        "epochs": images / len(dataset.train.images),
        "processor_seconds": spent,
        "knn_top1": _knn(encoder, dataset),
    }


def _knn(encoder: Any, dataset: DataSet) -> float:
    def features(images: torch.Tensor) -> torch.Tensor:
        options: dict[str, Any] = {"mean": dataset.mean, "std": dataset.std, "batch_size": 500, "device": "cpu"}
        return torch.nn.functional.normalize(embed(encoder, images, **options).backbone, dim=1)

    return knn_top1(
        features(dataset.train.images),
        dataset.train.labels,
        features(dataset.evaluation.images),
        dataset.evaluation.labels,
        k=NEIGHBOURS,
        temperature=TEMPERATURE,
        class_count=len(dataset.classes),
    )


if __name__ == "__main__":
    sys.exit(main())
