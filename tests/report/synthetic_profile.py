"""A profile with invented figures beside synthetic results, for tests only."""

import json
from pathlib import Path

import pandas as pd

PLACE = {"dataset": "fashion-mnist-5k", "encoder": "resnet-compact"}
FACTORS = {"vanilla": 1.0, "dual": 1.1, "filter": 1.2, "both": 1.3}
PARTS = {"augmentation": 10.0, "query_forward": 20.0, "loss": 5.0, "backward": 40.0}
MEMORY = {"data_set": 4.0, "activations": 50.0, "loss": 6.0, "baseline": 600.0, "heap_free": 12.0, "unattributed": 8.0}


def write_profile(
    results: Path, *, exclusive: bool = True, reference: tuple[float, ...] = (2.5, 3.0), quartile: float = 0.01
) -> None:
    """Write `results`/profile. `reference`: times of the fixed work, ms; `quartile`: distance of ratios' quartiles."""
    folder = results / "profile"
    folder.mkdir()

    def write(name: str, rows: list[dict[str, object]]) -> None:
        pd.DataFrame([{**row, **PLACE} for row in rows]).to_csv(folder / f"{name}.csv", index=False)

    def timed(arm: str, part: str, ms: float) -> dict[str, object]:
        ratio = FACTORS[arm]
        return {
            "arm": arm, "part": part, "median_ms": ms * ratio, "q1": ms * ratio - 1, "q3": ms * ratio + 1,
            "images_per_second": 128_000 / (ms * ratio) if part == "step" else None, "ratio": ratio,
            "ratio_q1": ratio - quartile, "ratio_q3": ratio + quartile, "rounds": 5,
            "foreign_load": 0.0 if exclusive else 0.4, "exclusive": exclusive,
        }  # fmt: skip

    whole = sum(PARTS.values())
    write("time", [timed(arm, part, ms) for arm in FACTORS for part, ms in {"step": whole, **PARTS}.items()])
    sizes = [
        {"arm": arm, "phase": phase, "part": part, "mib": size * (factor if part == "loss" else 1.0)}
        for arm, factor in FACTORS.items()
        for phase in ("training", "evaluation")
        for part, size in {**MEMORY, "peak": sum(MEMORY.values())}.items()
    ]
    write("memory", sizes)
    write(
        "timeline",
        [
            {"arm": arm, "ms": float(ms), "during": part, "data_set": 4.0, "activations": size, "loss": 0.0}
            for arm in FACTORS
            for ms, (part, size) in enumerate([("data", 0.0), ("query_forward", 50.0), ("backward", 10.0)])
        ],
    )
    work = {"part": "step", "flops": 2e9, "share_of_ceiling": 0.25, "images_per_joule": None}
    write("work", [{"arm": arm, **work} for arm in FACTORS])
    write(
        "growth",
        [
            {
                "arm": arm, "quantity": "queue_size", "value": value, "label": str(value), "median_ms": 2.0 * value,
                "tensor_mib": 30.0, "loss_mib": value / 100,
            }
            for arm in FACTORS
            for value in (1024, 4096, 16384)
        ],
    )  # fmt: skip
    write(
        "queues",
        [
            {"arm": arm, "queue_size": size, "version": version, "tensor_mib": 10.0 * factor, "loss_mib": 1.0}
            for arm, factor in FACTORS.items()
            for size in (4096, 262144)
            for version in ("streamed", "plain")
        ],
    )
    write("capacity", [{"arm": arm, "limit_mib": 256.0, "batch_size": 700, "mib": 255.9} for arm in FACTORS])
    write(
        "leak_verdicts",
        [{"arm": a, "steps": 500, "kib_per_step": 9.0 if a == "both" else 0.0, "leaks": a == "both"} for a in FACTORS],
    )
    ceiling = {"flops": 9e10, "bytes": 1.2e10, "precision": "bfloat16"}
    write(
        "samples",
        [{"arm": "both", "repeat": 0, "part": "step", "milliseconds": 9.0, "reference_ms": ms} for ms in reference],
    )
    surroundings = {
        "foreign_load": 0.3, "neighbours": [{"name": "compiler", "processors": 0.5}], "thermal_throttling": 2,
        "quota_seconds": None,
    }  # fmt: skip
    cell = {**PLACE, "threads": 1, "ceiling": ceiling, "surroundings": surroundings}
    (folder / "profile.json").write_text(json.dumps({"cells": [cell]}))
