"""`moco-bench bench`: compares this package's training step with the alternatives that users have."""

import argparse
import json
import math
import re
import sys
from functools import partial
from pathlib import Path

import moco_bench
from moco_bench.errors import InputError
from moco_bench.files import read_mapping, write_json
from moco_bench.jobs.progress import say
from moco_bench.suite.config.fields import DEVICE

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
    if not re.fullmatch(DEVICE, options.device):
        raise InputError(f"--device is {options.device!r}; auto, cpu, cuda or cuda:N would be right")
    # Read and checked first: a mistake in its name must not cost the time of a benchmark.
    baseline = read_mapping(options.baseline) if options.baseline else None

    _find_benchmarks()
    from benchmarks.peers.baseline import changes, check_comparable
    from benchmarks.peers.images import bench_images
    from benchmarks.peers.run import PEERS_PROTOCOL, run_benchmark
    from benchmarks.peers.settings import ENCODERS, timing, workload
    from benchmarks.peers.text import as_text, comparison_as_text
    from moco_bench.measure.quota import available_cores
    from moco_bench.train.gpu_lease import leased_device
    from moco_bench.train.signals import interrupted_by_signals

    encoders = tuple(dict.fromkeys(options.encoder or ENCODERS))
    work = workload(encoders, quick=options.quick, data=options.data)
    how = timing(options.threads or available_cores(), len(encoders), quick=options.quick)
    if baseline is not None:
        check_comparable(PEERS_PROTOCOL, work.plain(), baseline)
    images = bench_images(work, options.root)
    tell = partial(say, stream=sys.stderr)
    with interrupted_by_signals("bench"), leased_device(options.device) as device:
        result = run_benchmark(work, how, images, device=device, compiled=options.compile, tell=tell)
    compared = changes(result, baseline, options.margin) if baseline is not None else []
    if options.save:
        write_json(options.save, result)
    print(json.dumps(result, indent=2) if options.json else as_text(result))
    if compared:
        print(comparison_as_text(compared), file=sys.stderr if options.json else sys.stdout)
    return SLOWER if any(change.slower for change in compared) else 0


def _find_benchmarks() -> None:
    """Make `benchmarks` importable: it lies beside the package in a checkout and isn't installed."""
    checkout = Path(moco_bench.__file__).parents[1]
    if not (checkout / "benchmarks" / "peers").is_dir():
        raise InputError(
            "bench: the comparison with other libraries is not part of the installed package; clone the repository and "
            "install it with `pip install -e .`"
        )
    if str(checkout) not in sys.path:
        sys.path.insert(0, str(checkout))
