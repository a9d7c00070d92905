"""How well profiles of the same arm agree: time and memory, measured several times from the start.

    python tools/repeat_profile.py [config/quickstart.yaml] [--arm vanilla] [--times 5] [--rounds 20]

Each profile is a process of its own. Its time is a median over rounds, once of wall time as profiles give it and once
of processor time, which others on the machine disturb less; its memory the process's peak and that of its tensors.
Agreement is the largest distance of a profile from the median of all, as a share of that median. Others' share of the
machine, and how unsteady a fixed piece of work was, are printed with it: wall times beside a busy neighbour mean less.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

QUICKSTART = Path(__file__).parents[1] / "config" / "quickstart.yaml"
FIGURES = ("wall_ms", "processor_ms", "peak_mib", "tensor_mib")
AGREED = 0.05


def main(words: list[str] | None = None) -> int:
    """Print a row a figure."""
    parser = argparse.ArgumentParser(description="Agreement of repeated profiles of one arm.")
    parser.add_argument("suite", type=Path, nargs="?", default=QUICKSTART)
    parser.add_argument("--arm", help="default: the suite's baseline")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.one:
        print(json.dumps(one_profile(options.suite, options.arm, options.rounds)))
        return 0
    profiles = [_in_a_process(options) for _ in range(options.times)]
    rows = {name: agreement([profile[name] for profile in profiles]) for name in FIGURES}
    if options.json:
        print(json.dumps({"profiles": profiles, "agreement": rows}))
        return 0
    load = statistics.median(profile["foreign_load"] for profile in profiles)
    spread = max(profile["reference_spread"] or 1.0 for profile in profiles)
    print(
        f"{options.times} profiles; others used {100 * load:.0f} % of the machine, reference's quartiles {spread:.2f}"
    )
    for name, (median, distance) in rows.items():
        word = "agree" if distance <= AGREED else f"do not agree within {100 * AGREED:.0f} %"
        print(f"{name:14s} median {median:9.2f}, at most {100 * distance:5.2f} % from it: {word}")
    return 0


def one_profile(suite_path: Path, arm: str | None, rounds: int) -> dict[str, float | None]:
    """Memory first, as a profile does it: the process must be fresh. Then the time of whole steps."""
    from moco_bench.data.datasets import load_dataset
    from moco_bench.measure.load import foreign_load, sample_load, steadiness
    from moco_bench.measure.surroundings import reference_milliseconds
    from moco_bench.profile.arm_memory import arm_memory
    from moco_bench.profile.stepper import Stepper
    from moco_bench.suite.runs import expand
    from moco_bench.suite.suite import load_suite

    suite = load_suite(suite_path)
    run = next(run for run in expand(suite) if run.arm == (arm or suite.baseline))
    memory = arm_memory(run, "cpu", evaluation=False).training
    stepper = Stepper(run, load_dataset(run.dataset), "cpu")
    stepper.step()
    before, references, wall, processor = sample_load(), [], [], []
    for _ in range(rounds):
        references.append(reference_milliseconds())
        stepper.step()
        began, began_processor = time.perf_counter(), time.process_time()
        stepper.step()
        wall.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - began_processor))
    return {
        "wall_ms": statistics.median(wall),
        "processor_ms": statistics.median(processor),
        "peak_mib": memory.peak,
        "tensor_mib": memory.counters["tensor_peak"],
        "foreign_load": foreign_load(before, sample_load()),
        "reference_spread": steadiness(references),
    }


def agreement(values: list[float]) -> tuple[float, float]:
    """The median, and the largest distance from it as a share of it."""
    median = statistics.median(values)
    return median, max(abs(value - median) for value in values) / median


def _in_a_process(options: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, __file__, str(options.suite), "--one", "--rounds", str(options.rounds)]
    command += ["--arm", options.arm] if options.arm else []
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
