"""`moco-bench bench`: this package's training step against what its users would run instead."""

import argparse
import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moco_bench.cli.text_table import text_table
from moco_bench.errors import InputError
from moco_bench.files import read_mapping, write_json

if TYPE_CHECKING:
    from moco_bench.bench.baseline import Change

HELP = """Train the same encoder on the same images with this package, with lightly and with a plain loop, in turn.

Prints images/s from uint8 images to updated weights, their ratios, and the cost of the loss at a large queue.
With --baseline, exit code 1 says that something got slower. It wants the machine to itself."""
EXAMPLE = "moco-bench bench --quick --save before.json"
SLOWER = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--quick", action="store_true", help="six minutes at most: smaller batches, fewer rounds")
    parser.add_argument("--json", action="store_true", help="print everything as JSON, raw samples included")
    parser.add_argument(
        "--encoder",
        action="append",
        metavar="NAME",
        help="resnet18-cifar or resnet-compact; may be repeated (default: both)",
    )
    parser.add_argument("--compile", action="store_true", help="let a compiled version of this package take part")
    parser.add_argument("--data", default="random", help="random (CIFAR-shaped noise, the default), cifar10, cifar100")
    parser.add_argument("--root", metavar="DIR", help="folder of the data set (default: data)")
    parser.add_argument("--device", default="auto", help="as in a suite's `train` (default: auto)")
    parser.add_argument("--threads", type=int, metavar="N", help="threads and workers (default: all cores)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the JSON to a file")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="compare with what --save wrote earlier")
    parser.add_argument(
        "--margin", type=float, default=0.1, metavar="PART", help="what counts as slower with --baseline (default: 0.1)"
    )


def run(options: argparse.Namespace) -> int:
    """Measure, print, save and compare."""
    if not (math.isfinite(options.margin) and 0 <= options.margin < 1):
        raise InputError(f"--margin is {options.margin}; a part from 0 to below 1 would be right")
    if options.threads is not None and not 1 <= options.threads <= 1024:
        raise InputError(f"--threads is {options.threads}; 1 to 1024 would be right")
    if not re.fullmatch(r"auto|cpu|cuda(:\d{1,2})?", options.device):
        raise InputError(f"--device is {options.device!r}; auto, cpu, cuda or cuda:N would be right")
    # Read and checked first: a mistake in its name must not cost the time of a benchmark.
    baseline = read_mapping(options.baseline) if options.baseline else None

    from moco_bench.bench.baseline import changes, check_comparable
    from moco_bench.bench.images import bench_images
    from moco_bench.bench.run import PROTOCOL, run_benchmark
    from moco_bench.bench.settings import ENCODERS, timing, workload
    from moco_bench.measure.machine import available_cores
    from moco_bench.train.gpu_lease import leased_device
    from moco_bench.train.signals import interrupted_by_signals

    encoders = tuple(dict.fromkeys(options.encoder or ENCODERS))
    work = workload(encoders, quick=options.quick, data=options.data)
    how = timing(options.threads or available_cores(), len(encoders), quick=options.quick)
    if baseline is not None:
        check_comparable(PROTOCOL, work.plain(), baseline)
    images = bench_images(work, options.root)
    with interrupted_by_signals("bench"), leased_device(options.device) as device:
        result = run_benchmark(work, how, images, device=device, compiled=options.compile, tell=_tell)
    compared = changes(result, baseline, options.margin) if baseline is not None else []
    if options.save:
        write_json(options.save, result)
    print(json.dumps(result, indent=2) if options.json else as_text(result))
    if compared:
        print(comparison_as_text(compared), file=sys.stderr if options.json else sys.stdout)
    return SLOWER if any(change.slower for change in compared) else 0


def as_text(result: dict[str, Any]) -> str:
    """The result for reading: a table an encoder, and one of the losses."""
    machine, load = result["machine"], result["surroundings"]["foreign_load"]
    ceilings = ", ".join(f"{name} {value:.0f} GFLOP/s" for name, value in result["ceiling_gflops"].items())
    blocks = [
        f"{machine['cpu']}, {machine['cores']} cores, bfloat16: {machine['bfloat16']}; device {result['device']}, "
        f"{result['timing']['threads']} threads\n"
        f"matrix products: {ceilings}; others used {100 * load:.0f} % of the processor time at hand"
    ]
    for encoder, contenders in result["throughput"].items():
        share = result["ceiling_share"][encoder]
        table = text_table(
            ("contender", "images/s", "quartiles"), [_speed(name, speed) for name, speed in contenders.items()]
        )
        batch = result["workload"]["batch_sizes"][encoder]
        ratios = text_table(
            ("times as fast as", *result["ratios"][encoder]),
            [
                (title, *(_ratio(result, key, encoder, peer) for peer in result[key][encoder]))
                for key, title in (
                    ("ratios", f"moco_bench {result['precision']}"),
                    ("ratios_float32", "moco_bench float32"),
                    ("ratios_compiled", f"moco_bench {result['precision']} compiled"),
                )
                if any(value is not None for value in result[key][encoder].values())
                and not (key == "ratios_float32" and result["precision"] == "float32")  # the same row again
            ],
        )
        blocks.append(
            f"{encoder}, batches of {batch}; {result['precision']} reaches {100 * share:.0f} % of its matrix products\n"
            f"{table}\n\n{ratios}{_other_precision(result, encoder)}"
        )
    work = result["workload"]
    losses = text_table(
        ("loss", "K", "time / plain", "memory / plain", "ms", "MiB"),
        [
            (
                rule,
                str(size),
                f"{cost['time_ratio']:.2f}",
                f"{cost['peak_memory_ratio']:.3f}",
                f"{cost['milliseconds']['streamed']:.0f}",
                f"{cost['peak_mib']['streamed']:.1f}",
            )
            for key, size in (("loss", work["loss_queue"]), ("loss_short_queue", work["short_loss_queue"]))
            for rule, cost in result[key].items()
        ],
    )
    blocks.append(f"loss alone, B {work['loss_batch']}\n{losses}")
    return "\n\n".join(blocks)


def comparison_as_text(compared: "list[Change]") -> str:
    """Each figure then and now, the slower ones marked."""
    rows = [
        (change.name, f"{change.then:.4g}", f"{change.now:.4g}", "SLOWER" if change.slower else "")
        for change in compared
    ]
    return "\n" + text_table(("against the baseline", "then", "now", ""), rows)


def _speed(name: str, speed: dict[str, Any]) -> tuple[str, str, str]:
    if "absent" in speed:
        return name, "-", speed["absent"]
    low, high = speed["quartiles"]
    return name, f"{speed['images_per_second']:.0f}", f"{low:.0f} - {high:.0f}"


def _ratio(result: dict[str, Any], key: str, encoder: str, peer: str) -> str:
    ratio = result[key][encoder][peer]
    if ratio is None:
        return "-"
    low, high = result["ratio_quartiles"][key][encoder][peer]
    return f"{ratio:.2f} ({low:.2f} - {high:.2f})"


def _other_precision(result: dict[str, Any], encoder: str) -> str:
    """A line that says so where `train.precision: auto` isn't the faster precision in any round's middle half."""
    found = result["bfloat16_over_float32"][encoder]
    if found is None:
        return ""
    chosen, (low, high) = result["precision"], found["quartiles"]
    if low <= 1 <= high or (chosen == "bfloat16") == (low > 1):
        return ""
    return (
        f"\n\n`precision: auto` is {chosen} here, and that is the slower one: in bfloat16 a step is "
        f"{found['ratio']:.2f} ({low:.2f} - {high:.2f}) times as fast as in float32"
    )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
