"""A profile with invented figures beside synthetic results, for tests only."""

import json
from pathlib import Path

import pandas as pd

PLACE = {"dataset": "fashion-mnist-5k", "encoder": "resnet-compact"}
FACTORS = {"vanilla": 1.0, "dual": 1.1, "filter": 1.2, "both": 1.3}
PARTS = {"augmentation": 10.0, "query_forward": 20.0, "loss": 5.0, "backward": 40.0}
MEMORY = {"data_set": 4.0, "activations": 50.0, "loss": 6.0, "baseline": 600.0, "heap_free": 12.0, "unattributed": 8.0}


def write_profile(
    results: Path,
    *,
    exclusive: bool = True,
    reference: tuple[float, ...] = (2.5, 3.0),
    quartile: float = 0.01,
    spread: float = 1.04,
    energy: str = "not readable",
) -> None:
    """Write `results`/profile.

    `reference`: times of the fixed work, ms, and `spread` its quartiles' ratio; `quartile`: distance of ratios'
    quartiles; `energy`: what became of measuring it.
    """
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
            "foreign_load": 0.0 if exclusive else 0.4, "exclusive": exclusive and spread <= 1.15,
            "reference_spread": spread, "in_references": 2.5 * ratio, "in_references_q1": 2.4 * ratio,
            "in_references_q3": 2.6 * ratio,
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
        "parts",
        [
            {
                "arm": arm, "part": part, "highest_mib": size * (factor if part == "loss" else 1.0),
                "at_peak_mib": 0.0 if part == "loss" else size, "highest_during": during,
                "peak_during": "loss" if arm == "both" else "query_forward",
            }
            for arm, factor in FACTORS.items()
            for part, size, during in (
                ("data_set", 4.0, ""), ("activations", 50.0, "query_forward"), ("loss", 6.0, "loss"),
                ("query_queue", 0.0, ""),
            )
        ],
    )  # fmt: skip
    counted = {"tensor_peak": 60.0, "heap_growth": 31.0, "tensor_growth": 30.5, "cuda_allocated": None}
    write(
        "counters",
        [
            {"arm": arm, "phase": phase, "counter": counter, "mib": size}
            for arm in FACTORS
            for phase in ("training", "evaluation")
            for counter, size in counted.items()
        ],
    )
    write(
        "timeline",
        [
            {"arm": arm, "ms": float(ms), "during": part, "data_set": 4.0, "activations": size, "loss": 0.0}
            for arm in FACTORS
            for ms, (part, size) in enumerate([("data", 0.0), ("query_forward", 50.0), ("backward", 10.0)])
        ],
    )
    joules = 2.0 if energy == "measured" else None
    work = {
        "part": "step", "flops": 2e9, "share_of_ceiling": 0.25, "joules": joules,
        "images_per_joule": 64.0 if joules else None, "energy": energy,
    }  # fmt: skip
    write("work", [{"arm": arm, **work} for arm in FACTORS])
    write(
        "growth",
        [
            {
                "arm": arm, "quantity": "queue_size", "value": value, "label": str(value), "median_ms": 2.0 * value,
                "tensor_mib": 30.0, "loss_mib": value / 100, "regime": "stored",
                "not_monotone": "tensor_mib" if arm == "filter" else "",
            }
            for arm in FACTORS
            for value in (1024, 4096, 16384)
        ],
    )  # fmt: skip
    write(
        "queues",
        [
            {"arm": arm, "queue_size": size, "version": version, "tensor_mib": 10.0 * factor, "loss_mib": 1.0,
             "typical_tensor_mib": 10.0 * (factor if version == "streamed" else 1.0)}
            for arm, factor in FACTORS.items()
            for size in (4096, 262144)
            for version in ("streamed", "plain", "kept")
        ],
    )  # fmt: skip
    write("capacity", [{"arm": arm, "limit_mib": 256.0, "batch_size": 700, "mib": 255.9} for arm in FACTORS])
    write(
        "leak_verdicts",
        [
            {
                "arm": arm,
                "steps": 500,
                "kib_per_step": 9.0 if arm == "both" else 0.0,
                "leaks": arm == "both",
                "python_blocks_per_step": 144.0 if arm == "both" else 0.0,
                "resident_kib_per_step": 0.5,
            }
            for arm in FACTORS
        ],
    )
    ceiling = {"flops": 9e10, "bytes": 1.2e10, "precision": "bfloat16", "threads": 1}
    write(
        "samples",
        [{"arm": "both", "repeat": 0, "part": "step", "milliseconds": 9.0, "reference_ms": ms} for ms in reference],
    )
    surroundings = {
        "foreign_load": 0.3, "neighbours": [{"name": "compiler", "processors": 0.5}], "thermal_throttling": 2,
        "quota_seconds": None,
    }  # fmt: skip
    explained = {"peak_source": "kernel's peak", "unattributed_of_peak": 0.012, "unattributed_above_baseline": 0.1}
    memory = {
        arm: {"training": explained, "evaluation": {**explained, "unattributed_of_peak": 0.02}} for arm in FACTORS
    }
    cell = {**PLACE, "ceilings": [ceiling], "surroundings": surroundings, "memory": memory}
    (folder / "profile.json").write_text(json.dumps({"cells": [cell]}))
