"""Exports a trained encoder to a file for other libraries, with a model card beside it."""

import io
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from moco_bench.errors import InputError
from moco_bench.files import read_mapping, write_bytes, write_text
from moco_bench.models.checkpoint import METADATA
from moco_bench.models.export import Library, exported_weights, how_to_load
from moco_bench.models.trained import load_encoder


def export_encoder(folder: Path, library: Library, out: Path) -> Path:
    """Write a finished run's weights to `out` under a library's names and the model card; return the card's path.

    Raises:
        InputError: there is no such run or folder, or the library doesn't know the network.
    """
    trained = load_encoder(folder)
    if not out.parent.is_dir():
        raise InputError(f"--out: {out.parent} is no folder; make it first")
    weights = exported_weights(trained, library)
    if library == "safetensors":
        content = save(weights, metadata={METADATA: json.dumps(_origin(trained.record), sort_keys=True)})
    else:
        buffer = io.BytesIO()
        torch.save(weights, buffer)
        content = buffer.getvalue()
    card, evaluated = out.with_suffix(".md"), folder / "metrics.json"
    write_bytes(out, content)
    metrics = read_mapping(evaluated) if evaluated.is_file() else {}
    write_text(card, model_card(trained.record, metrics, how_to_load(trained, library, out.name)))
    return card


def _origin(record: dict[str, Any]) -> dict[str, Any]:
    """Metadata for other suites: the weights' normalisation, and the hashes of random numbers that pair seeds."""
    hashes = {name: record["hashes"].get(name) for name in ("init", "order", "augment")}
    data = record["data"]
    return {"fingerprint": record["fingerprint"], "hashes": hashes, "mean": data["mean"], "std": data["std"]}


def model_card(record: dict[str, Any], metrics: dict[str, Any], loading: str) -> str:
    """The model card in Markdown: training, accuracy, how to load the weights, and what to mind."""
    config, data = record["config"], record["data"]
    accuracies = {
        "kNN, backbone features": metrics.get("knn_top1"),
        "kNN, projection": metrics.get("knn_top1_projection"),
        "linear probe": metrics.get("linear_top1"),
    }
    reached = "\n".join(
        f"| {name} | {value:.2f} % |" for name, value in accuracies.items() if isinstance(value, int | float)
    )
    mean, std = (", ".join(f"{value:.4f}" for value in data[name]) for name in ("mean", "std"))
    train, contrast = config["train"], config["contrast"]
    return f"""# {record["encoder"]}, {record["arm"]}, seed {record["seed"]}

An encoder trained without labels by momentum contrast with moco_bench.

| | |
|---|---|
| data | {data["name"]}, {data["train_images"]} training images of {" x ".join(map(str, data["image_shape"]))} |
| suite and arm | {record["suite"]}, {record["arm"]} |
| epochs, batch | {record["epochs"]}, {train["batch_size"]} |
| optimiser, rate | {train["optimiser"]}, {train["learning_rate"]} |
| contrast | queue {contrast["queue_size"]}, temperature {contrast["temperature"]}, momentum {contrast["momentum"]} |
| fingerprint of the run | `{record["fingerprint"]}` |
| hash of the data | `{data["sha256"]}` |

## Accuracy ({data["evaluated_on"]} images)

| protocol | top-1 |
|---|---|
{reached or "| not evaluated | |"}

## Loading

Images are floats in [0, 1], less the mean ({mean}), over the deviation ({std}), per channel.

```python
{loading}```

## What to mind

The weights carry no licence of their own. They derive from {data["name"]}: whoever passes them on has to respect the
terms of those images. One run of one seed is no evidence about a method: the suite's report has the comparison.
"""
