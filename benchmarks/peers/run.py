"""Runs the whole benchmark, from its settings to its results."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from benchmarks.peers.contenders import Absent, LineUp
from benchmarks.peers.loss_cost import loss_costs
from benchmarks.peers.own import Precision, own_name
from benchmarks.peers.rounds import Contender, rounds_of
from benchmarks.peers.settings import ENCODERS, Timing, Workload
from benchmarks.peers.summary import Rounds, speedup, throughput
from moco_bench.data.datasets import DataSet
from moco_bench.measure.ceiling import MATRIX_SIZE, measure_ceiling
from moco_bench.measure.machine import bfloat16_hardware, cuda_has_bfloat16, describe_machine, describe_versions
from moco_bench.measure.surroundings import begin_watch, since
from moco_bench.profile.work import count_flops
from moco_bench.suite.config import TrainConfig
from moco_bench.train.precision import DTYPES, resolve_numerics

PEERS_PROTOCOL = 3
"""Raised when figures of before and after a change of this benchmark can't be compared."""

PEERS = ("lightly", "lightly_bfloat16", "demo")
Tell = Callable[[str], None]


def run_benchmark(
    workload: Workload,
    timing: Timing,
    dataset: DataSet,
    *,
    device: str = "auto",
    compiled: bool = False,
    tell: Tell = lambda line: None,
) -> dict[str, Any]:
    """Measure everything; the result is plain values, as `--json` prints them.

    Args:
        workload: what is computed.
        timing: how long.
        dataset: what all contenders train on.
        device: as in a suite.
        compiled: let a compiled version of this package take part.
        tell: is given a line about what comes next.

    Raises:
        InputError: the device isn't there.
    """
    began, watch = time.perf_counter(), begin_watch()
    numerics = resolve_numerics(TrainConfig(device=device, threads=timing.threads))
    precisions = _precisions(numerics.device)
    tell(f"matrix products of {' and '.join(precisions)}")
    ceiling = _ceilings(precisions, numerics.device, workload.product_side)
    result: dict[str, Any] = {
        "protocol": PEERS_PROTOCOL,
        "workload": workload.plain(),
        "timing": asdict(timing),
        "machine": describe_machine(),
        "versions": describe_versions(),
        "device": str(numerics.device),
        "precision": numerics.precision,
        **{name: {} for name in ("throughput", "ratios", "ratios_float32", "ratios_compiled", "ratio_quartiles")},
        "bfloat16_over_float32": {},
        **{name: {} for name in ("ceiling_share", "ceiling_share_float32", "step_gflops")},
    }
    for encoder, batch_size in workload.batch_sizes.items():
        line_up = LineUp(encoder, dataset, workload, timing, numerics.device, precisions, compiled)
        (own, absent), (peers, absent_peers) = line_up.own(), line_up.peers()
        contenders: list[Contender] = [*own, *peers]
        tell(f"{encoder}: {len(contenders)} contenders, up to {timing.rounds} rounds of batches of {batch_size}")
        flops = sum(count_flops(own[0].stepper).values())
        rounds = rounds_of(contenders, timing)
        result["step_gflops"][encoder] = flops / 1e9
        add_encoder(result, encoder, rounds, absent | absent_peers, batch_size)
        # Measured again, and the highest counts: on a shared machine a single matmul may be far from the peak.
        again = _ceilings(precisions, numerics.device, workload.product_side)
        ceiling = {precision: max(flops, again[precision]) for precision, flops in ceiling.items()}
    result["ceiling_gflops"] = {precision: flops / 1e9 for precision, flops in ceiling.items()}
    add_shares(result)
    dimension = next(iter(ENCODERS.values())).dimension
    for key, size in (("loss", workload.loss_queue), ("loss_short_queue", workload.short_loss_queue)):
        tell(f"losses at B {workload.loss_batch}, K {size}")
        result[key] = loss_costs(workload, timing, queue_size=size, dimension=dimension, device=numerics.device)
    result["surroundings"] = since(watch)
    result["seconds"] = time.perf_counter() - began
    return result


def add_encoder(result: dict[str, Any], encoder: str, rounds: Rounds, absent: Absent, batch_size: int) -> None:
    """Add throughput and ratios of one encoder's rounds to `result`; a ratio that can't be formed is None."""
    result["throughput"][encoder] = {
        **{name: throughput(rounds, name, batch_size) for name in rounds[0]},
        **{name: {"absent": reason} for name, reason in absent.items()},
    }
    for key, name in (
        ("ratios", own_name(result["precision"])),
        ("ratios_float32", own_name("float32")),
        ("ratios_compiled", own_name(result["precision"], compiled=True)),
    ):
        found = {peer: speedup(rounds, name, peer) for peer in PEERS}
        result[key][encoder] = {peer: ratio[0] if ratio else None for peer, ratio in found.items()}
        result["ratio_quartiles"].setdefault(key, {})[encoder] = {
            peer: ratio[1] if ratio else None for peer, ratio in found.items()
        }
    of_precisions = speedup(rounds, own_name("bfloat16"), own_name("float32"))
    result["bfloat16_over_float32"][encoder] = (
        {"ratio": of_precisions[0], "quartiles": of_precisions[1]} if of_precisions else None
    )


def add_shares(result: dict[str, Any]) -> None:
    """Add the fraction of the measured peak FLOPs per second that each encoder reaches at its median speed."""
    for key, precision in (("ceiling_share", result["precision"]), ("ceiling_share_float32", "float32")):
        for encoder, contenders in result["throughput"].items():
            gflops_an_image = result["step_gflops"][encoder] / result["workload"]["batch_sizes"][encoder]
            speed = contenders[own_name(precision)]["images_per_second"]
            result[key][encoder] = gflops_an_image * speed / result["ceiling_gflops"][precision]


def _precisions(device: torch.device) -> tuple[Precision, ...]:
    """The precisions in which the hardware multiplies, whichever is faster."""
    in_hardware = cuda_has_bfloat16(device) if device.type == "cuda" else bfloat16_hardware() != "none"
    return ("float32", "bfloat16") if in_hardware else ("float32",)


def _ceilings(precisions: tuple[Precision, ...], device: torch.device, side: int) -> dict[str, float]:
    # On a GPU a matmul of that size is too short: half of its time is the launch.
    side = max(side, MATRIX_SIZE["cuda"]) if device.type == "cuda" else side
    return {name: measure_ceiling(device, name, DTYPES[name], side=side).flops for name in precisions}
